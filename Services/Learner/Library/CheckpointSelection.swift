import Ledger
import RunConfiguration

/// Which policy of a run is the one to keep: pure books of its validations.
struct CheckpointSelection: Codable, Hashable, Sendable {
    private let rule: ValidationConfiguration.Selection
    /// The base model's rewards, picture by picture.
    private var base: [Double] = []
    private(set) var selected = 0
    private var best: Double?

    init(_ rule: ValidationConfiguration.Selection) { self.rule = rule }

    /// Enters the validation of a policy.
    ///
    /// The first policy that is entered is the one that later ones are compared with, picture by picture; of equal policies
    /// the earliest stays selected.
    mutating func enter(version: Int, rewards: [Double]) -> ValidationReport {
        if base.isEmpty { base = rewards }
        var report = ValidationReport()
        report.version = version
        report.samples = rewards.count
        let count = Double(max(rewards.count, 1))
        report.mean = rewards.reduce(0, +) / count
        let squares = rewards.reduce(0) { $0 + ($1 - report.mean) * ($1 - report.mean) }
        report.standardError = (squares / max(count - 1, 1) / count).squareRoot()
        report.better = zip(rewards, base).count { $0 > $1 }
        let value =
            switch rule {
            case .best: report.mean
            case .earliestMaximum: Double(report.better)
            }
        if value > best ?? -.infinity { (best, selected) = (value, version) }
        report.selected = selected
        return report
    }
}
