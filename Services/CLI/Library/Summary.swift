import CoordinatorService
import Foundation

/// A run's `summary.json` on standard output.
enum Summary {
    /// In one line.
    static func compact(_ data: Data) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(try decode(data)), as: UTF8.self)
    }

    /// For people.
    static func text(_ data: Data, folder: URL) throws -> String {
        let summary = try decode(data)
        var lines = [
            "\(summary.run) (\(summary.algorithm)): \(summary.outcome) after \(summary.rounds) rounds, "
                + "\(Figures.fixed(summary.wallSeconds, 0)) s, \(Figures.fixed(summary.imagesPerSecond, 2)) images/s"
        ]
        let reward = summary.reward
        lines.append(
            "  reward    first \(Figures.optional(reward.first, 4))  last \(Figures.optional(reward.last, 4))  "
                + "best \(Figures.optional(reward.best, 4))  ± \(Figures.optional(reward.standardError, 4))")
        if let first = summary.successRate.first, let last = summary.successRate.last {
            lines.append("  success   first \(Figures.fixed(first * 100, 0)) %  last \(Figures.fixed(last * 100, 0)) %")
        }
        lines.append("  pictures  \(Figures.line(summary.rollouts))")
        if let adapter = summary.adapter {
            lines.append("  adapter   \(folder.appending(path: adapter).path)")
            lines.append("  samples   \(folder.appending(path: "samples").path)")
        }
        return lines.joined(separator: "\n")
    }

    private static func decode(_ data: Data) throws -> RunSummary {
        try JSONDecoder().decode(RunSummary.self, from: data)
    }
}
