// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.DeregisterRequest`.
public struct ControlDeregisterRequest: Sendable, Hashable {
    public var name: String

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(name: String = "") {
        self.name = name
    }
}

extension ControlDeregisterRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__DeregisterRequest()
        atelier__control__deregister_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__DeregisterRequest.self).pointee
        self.init()
        name = WireValue.string(c.name)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__DeregisterRequest.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
    }
}
