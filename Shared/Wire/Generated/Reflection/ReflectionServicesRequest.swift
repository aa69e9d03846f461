// Written by WireGenerator from rpc/reflection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.reflection.ServicesRequest`.
public struct ReflectionServicesRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ReflectionServicesRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Reflection__ServicesRequest()
        atelier__reflection__services_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
