import Ledger
import RL
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
        let pictures = batch.flatMap(\.0.pictures)
        monitors["saturation"] = PictureMonitors.saturation(pictures)
        monitors["diversity"] = PictureMonitors.diversity(pictures, prompts: batch.flatMap(\.0.prompts))
        let count = Double(values.count)
        rewardMean = values.reduce(0, +) / count
        if values.count > 1 {
            let squares = values.reduce(0) { $0 + ($1 - rewardMean) * ($1 - rewardMean) }
            rewardStandardError = (squares / (count - 1) / count).squareRoot()
            let deviation = (squares / count).squareRoot()
            if deviation < 1e-6 * max(1, abs(rewardMean)) {
                warnings.append("all rewards are \(rewardMean): there is nothing to learn from")
            }
        }
        for (name, columns) in Dictionary(grouping: batch.flatMap(\.1.columns), by: \.name) {
            let values = columns.flatMap(\.values).compactMap(\.self)
            if !values.isEmpty { rewards[name] = values.reduce(0, +) / Double(values.count) }
        }
        let successes = batch.compactMap(\.1.successes)
        if successes.count == batch.count {
            successRate = Double(successes.joined().filter(\.self).count) / count
        }
    }

    /// Warns if pictures that validate the policy have no score: policies are then not compared on the same ones.
    mutating func warnOfMissingValidation(ofDue due: Int) {
        let missing = due - (validation?.samples ?? 0)
        guard missing > 0 else { return }
        let effect =
            missing == due ? ": the policy is not validated" : ", and do not count in its comparison with others"
        warnings.append("\(missing) of the \(due) pictures that validate the policy have no valid score\(effect)")
    }

    /// Fills in what the update did.
    mutating func describe(_ update: UpdateMetrics) {
        loss = update.loss
        approximateKL = update.approximateKL
        clipFraction = update.clipFraction
        gradientNorm = update.gradientNorm
        monitors["ratioDrift"] = update.ratioDrift
        monitors["advantageDeviation"] = update.advantageDeviation
        monitors["pathKL"] = update.pathKL
        monitors["baseDivergence"] = update.baseDivergence
        monitors["valueLoss"] = update.valueLoss
        monitors["updates"] = Double(update.updates)
        if let range = update.clipRange, update.ratioDrift > range / 10 {
            warnings.append(
                "ratios are off by \(update.ratioDrift) before the first step, more than a tenth of the clip range \(range): "
                    + "sampler and learner compute differently")
        }
        if !update.gradientNorm.isFinite { warnings.append("a gradient is not finite: its step was left out") }
    }
}
