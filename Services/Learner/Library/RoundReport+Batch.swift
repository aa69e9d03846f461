import Ledger
import ServiceAPI

extension RoundReport {
    /// Fills in what the batch itself says.
    mutating func describe(_ batch: [(DrawnUnit, ScoredUnit)]) {
        let values = batch.flatMap(\.1.rewards)
        samples = values.count
        imagesPerSecond = seconds > 0 ? Double(samples) / seconds : 0
        staleness = batch.map { round - $0.0.policyVersion }.max() ?? 0
        rewardSet = batch.first?.1.rewardSet ?? 0
        guard !values.isEmpty else { return }
        let count = Double(values.count)
        rewardMean = values.reduce(0, +) / count
        if values.count > 1 {
            let squares = values.reduce(0) { $0 + ($1 - rewardMean) * ($1 - rewardMean) }
            rewardStandardError = (squares / (count - 1) / count).squareRoot()
        }
        for column in batch.flatMap(\.1.columns) {
            rewards[column.name, default: 0] += column.values.reduce(0, +) / count
        }
        let successes = batch.compactMap(\.1.successes)
        if successes.count == batch.count {
            successRate = Double(successes.joined().filter(\.self).count) / count
        }
    }
}
