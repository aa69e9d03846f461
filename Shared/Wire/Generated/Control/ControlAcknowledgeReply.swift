// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.AcknowledgeReply`.
public struct ControlAcknowledgeReply: Sendable, Hashable {
    /// Whether this is the adapter that the learner published.
    public var matches: Bool

    /// A message; every field may be left at its default.
    public init() { self.init(matches: false) }

    /// A message with the given fields.
    public init(matches: Bool = false) {
        self.matches = matches
    }
}

extension ControlAcknowledgeReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__AcknowledgeReply()
        atelier__control__acknowledge_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__AcknowledgeReply.self).pointee
        self.init()
        matches = c.matches != 0
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__AcknowledgeReply.self)
        c.pointee.matches = matches ? 1 : 0
    }
}
