// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.BlockedReply`.
public struct ControlBlockedReply: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ControlBlockedReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__BlockedReply()
        atelier__control__blocked_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
