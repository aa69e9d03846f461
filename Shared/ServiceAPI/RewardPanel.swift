public import Ledger
public import Wire

/// A reward set with the addresses of the services that answer for it now.
public struct RewardPanel: Hashable, Sendable {
    public struct Seat: Hashable, Sendable {
        public var member: RewardSet.Member
        /// Empty while no service of this spec is there.
        public var addresses: [String]

        public init(member: RewardSet.Member, addresses: [String]) {
            self.member = member
            self.addresses = addresses
        }
    }

    public var version: Int
    public var seats: [Seat]

    public init(version: Int, seats: [Seat]) {
        self.version = version
        self.seats = seats
    }

    public init(_ wire: ControlRewardSet) {
        self.init(
            version: Int(wire.version),
            seats: wire.members.map {
                Seat(member: .init(name: $0.name, spec: $0.spec, weight: $0.weight), addresses: $0.addresses)
            })
    }

    public var wire: ControlRewardSet {
        ControlRewardSet(
            version: UInt32(version),
            members: seats.map {
                ControlRewardMember(
                    name: $0.member.name, spec: $0.member.spec, weight: $0.member.weight, addresses: $0.addresses)
            })
    }
}
