import Foundation
import Ledger

/// What the runs of a study came to, arm by arm.
struct StudyTable: Codable, Sendable {
    /// A mean over the seeds and its standard error.
    struct Mean: Codable, Hashable, Sendable {
        let value: Double
        let standardError: Double

        init(_ values: [Double]) {
            let count = Double(max(values.count, 1))
            let mean = values.reduce(0, +) / count
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            value = mean
            standardError = values.count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
        }
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
        /// Monitors of the last round, where every seed has them.
        let monitors: [String: Mean]
        /// The mean reward of each round, over the seeds.
        let curve: [Double]
    }

    let claim: String
    let rows: [Row]

    /// The table of what was measured: for each arm, in order, the rounds of each seed.
    init(claim: String, reports: [(arm: String, runs: [[RoundReport]])]) {
        self.claim = claim
        rows = reports.map { arm, runs in
            // Rounds that only validate have no rewards of their own.
            let runs = runs.map { $0.filter { $0.samples > 0 } }
            func mean(_ value: ([RoundReport]) -> Double) -> Mean { Mean(runs.map(value)) }
            func average(_ reports: some Collection<RoundReport>) -> Double {
                reports.reduce(0) { $0 + $1.rewardMean } / Double(max(reports.count, 1))
            }
            let names = Set(runs.compactMap(\.last).flatMap(\.monitors.keys))
            let rounds = runs.map(\.count).min() ?? 0
            return Row(
                arm: arm, seeds: runs.count, queries: runs.first?.reduce(0) { $0 + $1.samples } ?? 0,
                first: mean { average($0.prefix(1)) }, last: mean { average($0.suffix(2)) }, area: mean { average($0) },
                monitors: Dictionary(
                    uniqueKeysWithValues: names.compactMap { name in
                        let values = runs.compactMap { $0.last?.monitors[name] }
                        return values.count == runs.count ? (name, Mean(values)) : nil
                    }), curve: (0..<rounds).map { round in Mean(runs.map { $0[round].rewardMean }).value })
        }
    }

    /// In Markdown.
    var text: String {
        func cell(_ mean: Mean?) -> String {
            guard let mean else { return "–" }
            return "\(Figures.fixed(mean.value, 4)) ± \(Figures.fixed(mean.standardError, 4))"
        }
        var lines = [
            claim, "", "| arm | seeds | queries | first | last | all rounds | path KL | diversity |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += rows.map { row in
            let cells = [cell(row.first), cell(row.last), cell(row.area)]
            let kept = [cell(row.monitors["pathKL"]), cell(row.monitors["diversity"])]
            return "| \(row.arm) | \(row.seeds) | \(row.queries) | \((cells + kept).joined(separator: " | ")) |"
        }
        return lines.joined(separator: "\n")
    }
}
