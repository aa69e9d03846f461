// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.TailRequest`.
public struct AdminTailRequest: Sendable, Hashable {
    /// Events after this one; 0 is from the start of this coordinator's process.
    public var after: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(after: 0) }

    /// A message with the given fields.
    public init(after: UInt64 = 0) {
        self.after = after
    }
}

extension AdminTailRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__TailRequest()
        atelier__admin__tail_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__TailRequest.self).pointee
        self.init()
        after = c.after
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__TailRequest.self)
        c.pointee.after = after
    }
}
