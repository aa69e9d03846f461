// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RewardMember`.
public struct ControlRewardMember: Sendable, Hashable {
    public var name: String
    public var spec: String
    public var weight: Double
    /// Where services of this spec answer; empty while there is none.
    public var addresses: [String]

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(name: String = "", spec: String = "", weight: Double = 0, addresses: [String] = []) {
        self.name = name
        self.spec = spec
        self.weight = weight
        self.addresses = addresses
    }
}

extension ControlRewardMember: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RewardMember()
        atelier__control__reward_member__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardMember.self).pointee
        self.init()
        name = WireValue.string(c.name)
        spec = WireValue.string(c.spec)
        weight = c.weight
        addresses = WireValue.array(c.addresses, c.n_addresses) { WireValue.string($0) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RewardMember.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
        if !spec.isEmpty { c.pointee.spec = arena.string(spec) }
        c.pointee.weight = weight
        c.pointee.n_addresses = addresses.count
        c.pointee.addresses = arena.array(addresses.map { Optional(arena.string($0)) })
    }
}
