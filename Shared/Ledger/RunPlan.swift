/// The numbers that shape a run's books; they do not change while it runs.
public struct RunPlan: Codable, Hashable, Sendable {
    public let rounds: Int
    /// What each round draws.
    public let layout: RoundLayout
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
        rounds: Int, layout: RoundLayout, samplesPerUnit: Int, staleness: StalenessGate, leaseSeconds: Double,
        maximumAttempts: Int, checkpointEvery: Int
    ) {
        precondition(
            rounds > 0 && samplesPerUnit > 0 && leaseSeconds > 0 && maximumAttempts > 0 && checkpointEvery > 0,
            "a run plan holds positive numbers")
        self.rounds = rounds
        self.layout = layout
        self.samplesPerUnit = samplesPerUnit
        self.staleness = staleness
        self.leaseSeconds = leaseSeconds
        self.maximumAttempts = maximumAttempts
        self.checkpointEvery = checkpointEvery
    }

    /// The last round that draws anything: one beyond the last update where the last policy is validated.
    public var lastRound: Int { layout.validation == nil ? rounds - 1 : rounds }

    /// The units of a round, in order: first those to learn from, then those that validate.
    public func units(ofRound round: Int) -> [UnitID] {
        let first = layout.start(ofRound: round)
        return (0..<unitCount(ofRound: round)).map { UnitID(UInt64(first + $0)) }
    }

    func unitCount(ofRound round: Int) -> Int { trainingUnits(ofRound: round) + validationUnits(ofRound: round) }

    /// Pictures of a round that validate its policy.
    public func validationPictures(ofRound round: Int) -> Int { validationUnits(ofRound: round) * samplesPerUnit }

    /// The round that a unit belongs to.
    public func round(of unit: UnitID) -> Int {
        var (low, high) = (0, lastRound)
        while low < high {
            let middle = (low + high + 1) / 2
            if layout.start(ofRound: middle) <= Int(unit.rawValue) { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The place of a unit among its round's validation units; nil for a unit to learn from.
    public func validationPlace(of unit: UnitID) -> Int? {
        let round = round(of: unit)
        let place = Int(unit.rawValue) - layout.start(ofRound: round) - trainingUnits(ofRound: round)
        return place >= 0 ? place : nil
    }

    /// The place of a unit to learn from among all of them, from the first round on.
    public func trainingPlace(of unit: UnitID) -> Int {
        Int(unit.rawValue) - layout.validations(before: round(of: unit))
    }

    private func trainingUnits(ofRound round: Int) -> Int {
        round < rounds ? layout.trainingUnits(ofRound: round) : 0
    }

    private func validationUnits(ofRound round: Int) -> Int {
        // The last policy is validated whether or not its turn has come.
        round == rounds ? layout.validation?.units ?? 0 : layout.validationUnits(ofRound: round)
    }
}

/// How many units each round draws, and what for.
public struct RoundLayout: Codable, Hashable, Sendable {
    /// Pictures that are drawn with the same noise by one policy after another, to compare policies by.
    public struct Validation: Codable, Hashable, Sendable {
        public let units: Int
        /// Rounds between two validations.
        public let every: Int

        /// - Precondition: both are positive.
        public init(units: Int, every: Int) {
            precondition(units > 0 && every > 0, "\(units) units every \(every) rounds validate nothing")
            (self.units, self.every) = (units, every)
        }
    }

    /// Units of the first round, which the base model draws.
    public let firstUnits: Int
    /// Units of every later round.
    public let units: Int
    public let validation: Validation?

    /// - Precondition: every round has a unit.
    public init(units: Int, firstUnits: Int? = nil, validation: Validation? = nil) {
        precondition(units > 0 && firstUnits ?? 1 > 0, "a round without a unit")
        self.units = units
        self.firstUnits = firstUnits ?? units
        self.validation = validation
    }

    func trainingUnits(ofRound round: Int) -> Int { round == 0 ? firstUnits : units }

    func validationUnits(ofRound round: Int) -> Int {
        guard let validation, round.isMultiple(of: validation.every) else { return 0 }
        return validation.units
    }

    /// The number of the first unit of a round.
    func start(ofRound round: Int) -> Int {
        round > 0 ? firstUnits + (round - 1) * units + validations(before: round) : 0
    }

    /// Units that validate in earlier rounds.
    func validations(before round: Int) -> Int {
        validation.map { (round + $0.every - 1) / $0.every * $0.units } ?? 0
    }
}
