import Foundation
import Ledger

/// What the runs of a study came to, arm by arm.
struct StudyTable: Codable, Sendable {
    /// A mean over the seeds and its standard error, which one seed does not tell.
    struct Mean: Codable, Hashable, Sendable {
        let value: Double
        let standardError: Double?

        init(_ values: [Double]) {
            let count = Double(max(values.count, 1))
            let mean = values.reduce(0, +) / count
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            value = mean
            standardError = values.count > 1 ? (squares / (count - 1) / count).squareRoot() : nil
        }

        /// The mean of what every run has.
        init?(_ values: [Double?]) {
            let there = values.compactMap(\.self)
            guard !there.isEmpty, there.count == values.count else { return nil }
            self.init(there)
        }
    }

    /// Validated rewards.
    struct Validated: Codable, Sendable {
        let base: Mean
        let last: Mean
        /// Of the best policy: the largest of several noisy means, so too high by some of their noise.
        let best: Mean
    }

    struct Row: Codable, Sendable {
        let arm: String
        let seeds: Int
        /// Pictures that a reward was asked about, in one run.
        let queries: Int
        /// Mean reward of the first and of the last two rounds, and over all rounds.
        let first: Mean
        let last: Mean
        let area: Mean
        let validated: Validated?
        /// How many pictures had been scored when the level was reached, over the seeds that reached it.
        let queriesToLevel: Mean?
        /// How many seeds reached the level.
        let reached: Int
        /// Where a run has several rewards: each over the last two rounds.
        let rewards: [String: Mean]
        /// Of the policy that validation kept: each reward over the pictures of its round.
        let keptRewards: [String: Mean]
        /// Of the last round.
        let pathKL: Mean?
        let saturation: Mean?
        /// Over all rounds, and in the last.
        let diversity: Mean?
        let lastDiversity: Mean?
        /// The reward of each policy that was measured, over the seeds.
        let curve: [StudyRun.Point]
    }

    let claim: String
    /// A reward that the better arms reach on their way: half of the best arm's gain, on the mean curves.
    let level: Double
    let rows: [Row]

    /// The table of what was measured: for each arm, in order, the rounds of each seed.
    init(claim: String, reports: [(arm: String, runs: [[RoundReport]])]) {
        self.claim = claim
        let arms = reports.map { (name: $0.arm, runs: $0.runs.map(StudyRun.init)) }
        let curves = arms.map { Self.curve($0.runs) }
        let start = Mean(curves.compactMap { $0.first?.reward }).value
        let level = (start + (curves.compactMap { $0.last?.reward }.max() ?? start)) / 2
        self.level = level
        rows = zip(arms, curves).map { arm, curve in
            let runs = arm.runs
            let all = runs.reduce(into: Set<String>()) { $0.formUnion($1.rewardNames) }
            let names = all.count < 2 ? [] : all
            let reached = runs.compactMap { $0.queries(toReach: level) }
            func mean(_ value: (StudyRun) -> Double) -> Mean { Mean(runs.map(value)) }
            func common(_ value: (StudyRun) -> Double?) -> Mean? { Mean(runs.map(value)) }
            return Row(
                arm: arm.name, seeds: runs.count, queries: runs.first?.queries ?? 0,
                first: mean(\.first), last: mean(\.last), area: mean(\.all), validated: Self.validated(runs),
                queriesToLevel: reached.isEmpty ? nil : Mean(reached.map(Double.init)), reached: reached.count,
                rewards: Dictionary(uniqueKeysWithValues: names.map { name in (name, mean { $0.reward(name) }) }),
                keptRewards: Dictionary(
                    uniqueKeysWithValues: names.compactMap { name in
                        common { $0.keptReward(name) }.map { (name, $0) }
                    }),
                pathKL: common { $0.monitor("pathKL") }, saturation: common { $0.monitor("saturation") },
                diversity: common { $0.meanMonitor("diversity") }, lastDiversity: common { $0.monitor("diversity") },
                curve: curve)
        }
    }

    private static func validated(_ runs: [StudyRun]) -> Validated? {
        guard let base = Mean(runs.map { $0.validated?.base }), let last = Mean(runs.map { $0.validated?.last }),
            let best = Mean(runs.map { $0.validated?.best })
        else { return nil }
        return Validated(base: base, last: last, best: best)
    }

    /// The mean of the runs' curves.
    private static func curve(_ runs: [StudyRun]) -> [StudyRun.Point] {
        (0..<(runs.map(\.points.count).min() ?? 0)).map { place in
            StudyRun.Point(
                queries: runs[0].points[place].queries, reward: Mean(runs.map { $0.points[place].reward }).value)
        }
    }
}
