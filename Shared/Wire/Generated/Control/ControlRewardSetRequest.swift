// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RewardSetRequest`.
public struct ControlRewardSetRequest: Sendable, Hashable {
    public var unit: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(unit: UInt64 = 0) {
        self.unit = unit
    }
}

extension ControlRewardSetRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RewardSetRequest()
        atelier__control__reward_set_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardSetRequest.self).pointee
        self.init()
        unit = c.unit
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardSetRequest.self)
        c.pointee.unit = unit
    }
}
