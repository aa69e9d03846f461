import Ledger
import RunConfiguration

/// Which policy of a run is the one to keep: pure books of its validations.
struct CheckpointSelection: Codable, Hashable, Sendable {
    private let rule: ValidationConfiguration.Selection
    /// The base model's rewards by the picture's number.
    private var base: [Int: Double] = [:]
    private(set) var selected = 0
    private var best: Double?

    init(_ rule: ValidationConfiguration.Selection) { self.rule = rule }

    /// Enters the validation of a policy: the reward of each picture that has one, by the picture's number.
    ///
    /// The first policy that is entered is the one that later ones are compared with, picture by picture; of equal policies
    /// the earliest stays selected.
    mutating func enter(version: Int, rewards numbered: [Int: Double]) -> ValidationReport {
        if base.isEmpty { base = numbered }
        let rewards = numbered.sorted { $0.key < $1.key }.map(\.value)
        var report = ValidationReport()
        report.version = version
        report.samples = rewards.count
        let count = Double(max(rewards.count, 1))
        report.mean = rewards.reduce(0, +) / count
        let squares = rewards.reduce(0) { $0 + ($1 - report.mean) * ($1 - report.mean) }
        report.standardError = (squares / max(count - 1, 1) / count).squareRoot()
        report.better = numbered.count { picture, reward in base[picture].map { reward > $0 } ?? false }
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
