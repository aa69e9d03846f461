// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.TrainedReply`.
public struct ControlTrainedReply: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ControlTrainedReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__TrainedReply()
        atelier__control__trained_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
