// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.CheckpointedRequest`.
public struct ControlCheckpointedRequest: Sendable, Hashable {
    public var round: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(round: 0) }

    /// A message with the given fields.
    public init(round: UInt32 = 0) {
        self.round = round
    }
}

extension ControlCheckpointedRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__CheckpointedRequest()
        atelier__control__checkpointed_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__CheckpointedRequest.self).pointee
        self.init()
        round = c.round
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__CheckpointedRequest.self)
        c.pointee.round = round
    }
}
