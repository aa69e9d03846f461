import Ledger

/// What one run of a study came to.
struct StudyRun {
    /// A policy's reward, and how many pictures had been scored before it.
    struct Point: Codable, Hashable, Sendable {
        let queries: Int
        let reward: Double
    }

    /// Rounds that drew pictures to learn from.
    private let rounds: [RoundReport]
    private let validations: [ValidationReport]
    /// The reward of each policy that was measured: validated where the run validates, because a round's own pictures may
    /// have been drawn for exploration; else that of the round that it drew.
    let points: [Point]

    init(_ reports: [RoundReport]) {
        rounds = reports.filter { $0.samples > 0 }
        validations = reports.compactMap(\.validation)
        var queries = 0
        var points: [Point] = []
        for report in reports {
            if let validation = report.validation {
                points.append(Point(queries: queries, reward: validation.mean))
            } else if validations.isEmpty {
                points.append(Point(queries: queries, reward: report.rewardMean))
            }
            queries += report.samples
        }
        self.points = points
    }

    /// Pictures that a reward was asked about and that were learned from, or showed what was learned.
    var queries: Int { rounds.reduce(0) { $0 + $1.samples } }

    /// The mean reward of the first round.
    var first: Double { Self.mean(rounds.prefix(1).map(\.rewardMean)) }
    /// The mean reward of the last two rounds.
    var last: Double { Self.mean(rounds.suffix(2).map(\.rewardMean)) }
    /// The mean reward of all rounds.
    var all: Double { Self.mean(rounds.map(\.rewardMean)) }

    /// The mean of one of several rewards over the last two rounds, not weighted.
    func reward(_ name: String) -> Double { Self.mean(rounds.suffix(2).compactMap { $0.rewards[name] }) }

    /// The same over the pictures that the kept policy drew in its round, which it was not chosen by.
    ///
    /// Over the last round's where that policy is the last, which draws none. Nothing without validation.
    func keptReward(_ name: String) -> Double? {
        guard let selected = validations.last?.selected else { return nil }
        return (rounds.first { $0.round == selected } ?? rounds.last)?.rewards[name]
    }

    var rewardNames: Set<String> { Set(rounds.flatMap(\.rewards.keys)) }

    /// A monitor of the last round.
    func monitor(_ name: String) -> Double? { rounds.last?.monitors[name] }

    /// The mean of a monitor over all rounds, or nothing where a round has none.
    func meanMonitor(_ name: String) -> Double? {
        let values = rounds.compactMap { $0.monitors[name] }
        return values.isEmpty || values.count < rounds.count ? nil : Self.mean(values)
    }

    /// The validated rewards of the base model, of the last policy and of the best one.
    var validated: (base: Double, last: Double, best: Double)? {
        guard let base = validations.first, let last = validations.last else { return nil }
        let best = validations.first { $0.version == last.selected } ?? last
        return (base.mean, last.mean, best.mean)
    }

    /// How many pictures had been scored before the first policy that earns the level, together with the next that was
    /// measured; nothing if none does.
    func queries(toReach level: Double) -> Int? {
        zip(points, points.dropFirst()).first { ($0.reward + $1.reward) / 2 >= level }?.0.queries
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
}
