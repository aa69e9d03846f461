import Foundation

/// How well scores tell right pictures from wrong ones, and how they rank them: the measures of the TIA² benchmark.
///
/// Kim et al., "Confidence-aware Reward Optimization for Fine-tuning Text-to-Image Models" (ICLR 2024). Ties are treated as
/// scikit-learn and SciPy treat them.
public enum RankMetrics {
    /// The area under the ROC curve: how often a right picture scores higher than a wrong one, ties counted half.
    ///
    /// - Returns: `nil` unless there are pictures of both kinds.
    public static func auroc(_ scores: [Double], _ isRight: [Bool]) -> Double? {
        let positives = isRight.count { $0 }
        let negatives = isRight.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let sum = zip(ranks(scores), isRight).reduce(0) { $1.1 ? $0 + $1.0 : $0 }
        let (p, n) = (Double(positives), Double(negatives))
        return (sum - p * (p + 1) / 2) / (p * n)
    }

    /// The area under the precision-recall curve by steps (average precision); pictures of one score fall together.
    ///
    /// - Returns: `nil` if no picture is right.
    public static func auprc(_ scores: [Double], _ isRight: [Bool]) -> Double? {
        let positives = isRight.count { $0 }
        guard positives > 0 else { return nil }
        let order = descending(scores)
        var (hits, seen, area) = (0, 0, 0.0)
        while seen < order.count {
            let score = scores[order[seen]]
            let tied = order[seen...].prefix { scores[$0] == score }
            let found = tied.count { isRight[$0] }
            (hits, seen) = (hits + found, seen + tied.count)
            area += Double(found) / Double(positives) * Double(hits) / Double(seen)
        }
        return area
    }

    /// `(1/h) Σ_{i≤k, right_i} hits_i / i`, where `h` is the number of right pictures among the best `k`; 0 if there are none.
    ///
    /// Pictures of one score keep their order.
    public static func averagePrecision(at k: Int, _ scores: [Double], _ isRight: [Bool]) -> Double {
        var (hits, sum) = (0, 0.0)
        for (place, index) in descending(scores).prefix(k).enumerated() where isRight[index] {
            hits += 1
            sum += Double(hits) / Double(place + 1)
        }
        return hits == 0 ? 0 : sum / Double(hits)
    }

    /// Spearman's rank correlation, with the mean rank for ties.
    ///
    /// - Returns: `nil` if all numbers of a side are equal.
    public static func spearman(_ a: [Double], _ b: [Double]) -> Double? { correlation(ranks(a), ranks(b)) }

    /// Kendall's rank correlation τ_b.
    ///
    /// - Returns: `nil` if all numbers of a side are equal.
    public static func kendall(_ a: [Double], _ b: [Double]) -> Double? {
        var (agreement, distinctA, distinctB) = (0, 0, 0)
        for i in a.indices {
            for j in 0..<i {
                let (first, second) = (order(a[i], a[j]), order(b[i], b[j]))
                agreement += first * second
                distinctA += abs(first)
                distinctB += abs(second)
            }
        }
        guard distinctA > 0, distinctB > 0 else { return nil }
        return Double(agreement) / (Double(distinctA).squareRoot() * Double(distinctB).squareRoot())
    }

    /// The expected calibration error of scores that are probabilities of being right.
    ///
    /// The mean over equally wide bins `(lower, upper]` of |rate of right pictures - mean score|, weighted by pictures: Guo et
    /// al., "On Calibration of Modern Neural Networks" (2017), section 2.
    ///
    /// - Returns: `nil` unless all scores are 0...1.
    public static func calibrationError(_ scores: [Double], _ isRight: [Bool], bins: Int = 15) -> Double? {
        guard !scores.isEmpty, scores.allSatisfy({ (0...1).contains($0) }) else { return nil }
        var sums = [(confidence: Double, right: Int)](repeating: (0, 0), count: bins)
        for (score, isRight) in zip(scores, isRight) {
            let bin = min(max(Int((score * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
            sums[bin].confidence += score
            sums[bin].right += isRight ? 1 : 0
        }
        return sums.reduce(0) { $0 + abs($1.confidence - Double($1.right)) } / Double(scores.count)
    }

    private static func order(_ a: Double, _ b: Double) -> Int { a < b ? -1 : a > b ? 1 : 0 }

    /// Places from the highest score down; those of one score in their order.
    private static func descending(_ scores: [Double]) -> [Int] {
        scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
    }

    /// Ranks from 1, ascending; numbers that are equal share the mean of theirs.
    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var at = 0
        while at < order.count {
            let tied = order[at...].prefix { values[$0] == values[order[at]] }
            for index in tied { ranks[index] = Double(at) + Double(tied.count + 1) / 2 }
            at += tied.count
        }
        return ranks
    }

    private static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
        let count = Double(max(a.count, 1))
        let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
        var (product, squareA, squareB) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += (x - meanA) * (y - meanB)
            squareA += (x - meanA) * (x - meanA)
            squareB += (y - meanB) * (y - meanB)
        }
        guard squareA > 0, squareB > 0 else { return nil }
        return product / (squareA.squareRoot() * squareB.squareRoot())
    }
}
