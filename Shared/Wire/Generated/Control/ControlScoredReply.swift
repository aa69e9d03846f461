// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.ScoredReply`.
public struct ControlScoredReply: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ControlScoredReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__ScoredReply()
        atelier__control__scored_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
