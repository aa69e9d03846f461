import Foundation
import Ledger

/// Numbers as people read them.
enum Figures {
    static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// Few digits whatever the size.
    static func short(_ value: Double) -> String { String(format: "%.3g", value) }

    /// A count in groups of three digits.
    static func grouped(_ count: Int) -> String {
        let digits = Array(String(count))
        return digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index).isMultiple(of: 3) ? ",\(digit)" : String(digit)
        }.joined()
    }

    static func optional(_ value: Double?, _ digits: Int) -> String { value.map { fixed($0, digits) } ?? "–" }

    /// A round in one line.
    static func line(_ report: RoundReport, of rounds: Int) -> String {
        var parts = [
            "round \(report.round + 1)/\(rounds)",
            "reward \(fixed(report.rewardMean, 4)) ± \(fixed(report.rewardStandardError, 4))",
        ]
        if let rate = report.successRate { parts.append("success \(fixed(rate * 100, 0)) %") }
        parts += [
            "\(fixed(report.imagesPerSecond, 2)) images/s", "KL \(short(report.approximateKL))",
            "clip \(fixed(report.clipFraction, 2))", "staleness \(report.staleness)", "\(fixed(report.seconds, 1)) s",
        ]
        return parts.joined(separator: "  ")
    }

    static func line(_ counts: LedgerCounts) -> String {
        let dropped = counts.dropped.values.reduce(0, +)
        let reasons =
            counts.dropped.isEmpty
            ? ""
            : " (" + counts.dropped.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
                + ")"
        return "\(counts.issued) issued = \(counts.trained) trained + \(counts.buffered) buffered + "
            + "\(counts.inFlight) in flight + \(dropped) dropped\(reasons)"
    }
}
