// Written by WireGenerator from rpc/reflection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.reflection.ServicesReply`.
public struct ReflectionServicesReply: Sendable, Hashable {
    /// Full names of the services that are served on this session.
    public var services: [String]

    /// A message; every field may be left at its default.
    public init() { self.init(services: []) }

    /// A message with the given fields.
    public init(services: [String] = []) {
        self.services = services
    }
}

extension ReflectionServicesReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Reflection__ServicesReply()
        atelier__reflection__services_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__ServicesReply.self).pointee
        self.init()
        services = WireValue.array(c.services, c.n_services) { WireValue.string($0) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__ServicesReply.self)
        c.pointee.n_services = services.count
        c.pointee.services = arena.array(services.map { Optional(arena.string($0)) })
    }
}
