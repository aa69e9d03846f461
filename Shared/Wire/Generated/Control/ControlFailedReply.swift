// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.FailedReply`.
public struct ControlFailedReply: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ControlFailedReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__FailedReply()
        atelier__control__failed_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
