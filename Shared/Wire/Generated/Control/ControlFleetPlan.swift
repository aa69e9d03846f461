// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// The processes that should run on the host's machine now.
public struct ControlFleetPlan: Sendable, Hashable {
    public var samplers: UInt32
    /// Specs of the reward services.
    public var rewards: [String]
    /// The run is over: nothing should run.
    public var stop: Bool

    /// A message; every field may be left at its default.
    public init() { self.init(samplers: 0) }

    /// A message with the given fields.
    public init(samplers: UInt32 = 0, rewards: [String] = [], stop: Bool = false) {
        self.samplers = samplers
        self.rewards = rewards
        self.stop = stop
    }
}

extension ControlFleetPlan: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__FleetPlan()
        atelier__control__fleet_plan__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FleetPlan.self).pointee
        self.init()
        samplers = c.samplers
        rewards = WireValue.array(c.rewards, c.n_rewards) { WireValue.string($0) }
        stop = c.stop != 0
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FleetPlan.self)
        c.pointee.samplers = samplers
        c.pointee.n_rewards = rewards.count
        c.pointee.rewards = arena.array(rewards.map { Optional(arena.string($0)) })
        c.pointee.stop = stop ? 1 : 0
    }
}
