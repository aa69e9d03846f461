/// The numbers that shape a run's books; they do not change while it runs.
public struct RunPlan: Codable, Hashable, Sendable {
    public let rounds: Int
    public let unitsPerRound: Int
    /// Pictures in one unit.
    public let samplesPerUnit: Int
    public let staleness: StalenessGate
    public let leaseSeconds: Double
    /// How often a unit is leased before it is dropped as lost.
    public let maximumAttempts: Int
    /// A checkpoint is written after every this many rounds, and at the end.
    public let checkpointEvery: Int

    /// - Precondition: every number is positive.
    public init(
        rounds: Int, unitsPerRound: Int, samplesPerUnit: Int, staleness: StalenessGate, leaseSeconds: Double,
        maximumAttempts: Int, checkpointEvery: Int
    ) {
        precondition(
            rounds > 0 && unitsPerRound > 0 && samplesPerUnit > 0 && leaseSeconds > 0 && maximumAttempts > 0
                && checkpointEvery > 0, "a run plan holds positive numbers")
        self.rounds = rounds
        self.unitsPerRound = unitsPerRound
        self.samplesPerUnit = samplesPerUnit
        self.staleness = staleness
        self.leaseSeconds = leaseSeconds
        self.maximumAttempts = maximumAttempts
        self.checkpointEvery = checkpointEvery
    }

    /// The units of a round, in order.
    public func units(ofRound round: Int) -> [UnitID] {
        let first = UInt64(round * unitsPerRound)
        return (0..<UInt64(unitsPerRound)).map { UnitID(first + $0) }
    }

    /// The round that a unit belongs to.
    public func round(of unit: UnitID) -> Int { Int(unit.rawValue) / unitsPerRound }
}
