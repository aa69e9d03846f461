// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.ScaleRequest`.
public struct AdminScaleRequest: Sendable, Hashable {
    public var samplers: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(samplers: 0) }

    /// A message with the given fields.
    public init(samplers: UInt32 = 0) {
        self.samplers = samplers
    }
}

extension AdminScaleRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__ScaleRequest()
        atelier__admin__scale_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__ScaleRequest.self).pointee
        self.init()
        samplers = c.samplers
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__ScaleRequest.self)
        c.pointee.samplers = samplers
    }
}
