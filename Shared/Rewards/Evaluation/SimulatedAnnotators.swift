import Foundation

/// Three annotators who see the truth and err, each picture on their own, so often that they agree as people do.
///
/// Agreement is Fleiss' κ: Fleiss, "Measuring nominal scale agreement among many raters" (1971).
public struct SimulatedAnnotators: Sendable {
    /// The chance that an annotator says the opposite of the truth.
    public let errorRate: Double
    /// Annotators of a picture.
    public static let count = 3

    /// - Parameters:
    ///   - agreement: Fleiss' κ to expect, above 0 and below 1.
    ///   - positiveRate: how often the truth is yes, above 0 and below 1.
    public init(agreement: Double, positiveRate: Double) {
        // The more errors, the less agreement: halved until it is the one asked for.
        var (low, high) = (0.0, 0.5)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Self.expectedAgreement(errorRate: middle, positiveRate: positiveRate) > agreement {
                low = middle
            } else {
                high = middle
            }
        }
        errorRate = (low + high) / 2
    }

    /// The κ to expect of annotators who err at a rate.
    public static func expectedAgreement(errorRate: Double, positiveRate: Double) -> Double {
        let agreeing = 1 - 2 * errorRate * (1 - errorRate)
        let yes = positiveRate * (1 - errorRate) + (1 - positiveRate) * errorRate
        let chance = yes * yes + (1 - yes) * (1 - yes)
        return chance < 1 ? (agreeing - chance) / (1 - chance) : 0
    }

    /// The labels, 1 or 0, of a picture.
    public func labels(_ truth: Bool, using generator: inout some RandomNumberGenerator) -> [Int] {
        (0..<Self.count).map { _ in
            (Double.random(in: 0..<1, using: &generator) < errorRate) != truth ? 1 : 0
        }
    }

    /// Fleiss' κ of labels.
    ///
    /// - Returns: `nil` if all labels are the same.
    public static func agreement(_ labels: [[Int]]) -> Double? {
        let raters = Double(labels.first?.count ?? 0)
        let counts = labels.map { Double($0.count { $0 == 1 }) }
        let yes = counts.reduce(0, +) / (raters * Double(max(labels.count, 1)))
        let chance = yes * yes + (1 - yes) * (1 - yes)
        guard raters > 1, chance < 1 else { return nil }
        let pairs = counts.map { ($0 * ($0 - 1) + (raters - $0) * (raters - $0 - 1)) / (raters * (raters - 1)) }
        return (pairs.reduce(0, +) / Double(labels.count) - chance) / (1 - chance)
    }
}
