// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RewardSet`.
public struct ControlRewardSet: Sendable, Hashable {
    public var version: UInt32
    public var members: [ControlRewardMember]

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(version: UInt32 = 0, members: [ControlRewardMember] = []) {
        self.version = version
        self.members = members
    }
}

extension ControlRewardSet: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RewardSet()
        atelier__control__reward_set__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardSet.self).pointee
        self.init()
        version = c.version
        members = WireValue.messages(c.members, c.n_members)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardSet.self)
        c.pointee.version = version
        c.pointee.n_members = members.count
        c.pointee.members = arena.array(
            members.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Control__RewardMember.self)) })
    }
}
