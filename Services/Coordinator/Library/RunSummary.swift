import Foundation
import Ledger
import ServiceRuntime

/// What a run came to: the file `summary.json` in its folder.
public struct RunSummary: Codable, Sendable {
    /// Means of the weighted reward.
    public struct Reward: Codable, Sendable {
        /// Of the first round.
        public var first: Double?
        /// Of the last rounds together: see `lastRounds`.
        public var last: Double?
        /// Of the best round.
        public var best: Double?
        /// Of the difference between last and first.
        public var standardError: Double?
    }

    /// Shares of pictures that the rewards call right, over the same rounds.
    public struct SuccessRate: Codable, Sendable {
        public var first: Double?
        public var last: Double?
    }

    /// How many of the last rounds `last` takes together.
    public static let lastRounds = 2

    public var run: String
    public var algorithm: String
    public var outcome: String
    public var rounds: Int
    public var reward: Reward
    public var successRate: SuccessRate
    public var rollouts: LedgerCounts
    public var wallSeconds: Double
    public var imagesPerSecond: Double
    /// The adapter's folder, relative to the run's; nil if no checkpoint was written.
    public var adapter: String?
    public var adapterSHA256: String?
    /// The validation of the best policy, whose adapter is in `checkpoints/best`; nil without validation.
    public var best: ValidationReport?

    init(run: String, algorithm: String, books: RunBooks, wallSeconds: Double) {
        self.run = run
        self.algorithm = algorithm
        switch books.outcome {
        case .completed: outcome = "completed"
        case .stopped: outcome = "stopped"
        case .failed: outcome = "failed"
        case nil: outcome = "running"
        }
        rounds = books.reports.count
        let first = Pool(books.reports.prefix(1))
        let last = Pool(books.reports.suffix(Self.lastRounds))
        reward = Reward(
            first: first?.mean, last: last?.mean, best: books.reports.map(\.rewardMean).max(),
            standardError: first.flatMap { first in
                last.map { (first.variance + $0.variance).squareRoot() }
            })
        successRate = SuccessRate(first: first?.successRate, last: last?.successRate)
        rollouts = books.counts
        self.wallSeconds = wallSeconds
        let seconds = books.reports.reduce(0) { $0 + $1.seconds }
        imagesPerSecond = seconds > 0 ? Double(books.reports.reduce(0) { $0 + $1.samples }) / seconds : 0
        let validations = (books.reports + [books.closing].compactMap(\.self)).compactMap(\.validation)
        best = validations.first { $0.version == validations.last?.selected }
        if let round = books.lastCheckpoint {
            adapter = "checkpoints/\(Self.folder(ofRound: round))"
            adapterSHA256 = books.policies[round]?.sha256
        }
    }

    /// The name of a checkpoint's folder.
    public static func folder(ofRound round: Int) -> String {
        let digits = String(round)
        return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    func write(to folder: URL) throws(ServiceError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try AtomicFile.write(try encoder.encode(self), to: folder.appending(path: "summary.json"))
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError("cannot encode the summary: \(ServiceProcess.oneLine(error))")
        }
    }

    /// Several rounds taken together.
    private struct Pool {
        let mean: Double
        /// Of the mean.
        let variance: Double
        let successRate: Double?

        init?(_ reports: ArraySlice<RoundReport>) {
            let reports = reports.filter { $0.samples > 0 }
            let samples = Double(reports.reduce(0) { $0 + $1.samples })
            guard samples > 0 else { return nil }
            func average(_ value: (RoundReport) -> Double) -> Double {
                reports.reduce(0) { $0 + value($1) * Double($1.samples) } / samples
            }
            mean = average(\.rewardMean)
            variance = reports.reduce(0) { sum, report in
                let share = Double(report.samples) / samples
                return sum + share * share * report.rewardStandardError * report.rewardStandardError
            }
            successRate =
                reports.allSatisfy { $0.successRate != nil } ? average { $0.successRate ?? 0 } : nil
        }
    }
}
