/// A rule that makes one number of several, with its derivative by each.
public enum Combination: Hashable, Sendable {
    /// `Σ weight · part`.
    case sum([Double])
    /// `1 / (λ / (first + ε) + (1 - λ) / (second + ε))`, of parts that are not negative: RPO's reward (arXiv 2407.12164), which
    /// is the first part at λ = 1 and the second at λ = 0.
    case harmonic(lambda: Double)
    /// The part, held between two bounds.
    case clamp(least: Double?, most: Double?)
    /// `scale · part + offset`.
    case affine(scale: Double, offset: Double)
    /// `(part - mean) / deviation`, of a calibration set.
    case zscore(mean: Double, deviation: Double)
    /// The mean of an ensemble.
    case mean
    /// The lower confidence bound `mean - factor · standard deviation`.
    case lowerBound(factor: Double)
    /// Uncertainty-weighted optimisation, `mean - λ · variance`: Coste et al., "Reward Model Ensembles Help Mitigate
    /// Overoptimization" (2024).
    case uncertaintyWeighted(lambda: Double)
    /// The worst case.
    case minimum

    /// What the rule asks of its parts, which have no value together otherwise.
    var demand: String {
        switch self {
        case .harmonic: "the λ-harmonic mean needs values that are not negative"
        case .sum, .clamp, .affine, .zscore, .mean, .lowerBound, .uncertaintyWeighted, .minimum: "numbers are needed"
        }
    }

    /// What keeps a part of 0 from dividing, as in RPO's code.
    private static let epsilon = 1e-8

    /// The number, and its derivative by each part.
    ///
    /// - Parameter parts: the numbers, as many as the rule is for.
    /// - Returns: `nil` where the rule has no value.
    public func callAsFunction(_ parts: [Double]) -> (value: Double, slopes: [Double])? {
        let count = Double(parts.count)
        let mean = parts.reduce(0, +) / max(count, 1)
        let variance = parts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count, 1)
        switch self {
        case .sum(let weights):
            return (zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1 }, weights)
        case .harmonic(let lambda):
            guard parts.allSatisfy({ $0 >= 0 }) else { return nil }
            if lambda == 0 { return (parts[1], [0, 1]) }
            if lambda == 1 { return (parts[0], [1, 0]) }
            let (first, second) = (parts[0] + Self.epsilon, parts[1] + Self.epsilon)
            let value = 1 / (lambda / first + (1 - lambda) / second)
            return (
                value, [value * value * lambda / (first * first), value * value * (1 - lambda) / (second * second)]
            )
        case .clamp(let least, let most):
            let value = min(max(parts[0], least ?? -.infinity), most ?? .infinity)
            return (value, [value == parts[0] ? 1 : 0])
        case .affine(let scale, let offset): return (scale * parts[0] + offset, [scale])
        case .zscore(let mean, let deviation): return ((parts[0] - mean) / deviation, [1 / deviation])
        case .mean: return (mean, parts.map { _ in 1 / count })
        case .lowerBound(let factor):
            let deviation = variance.squareRoot()
            // Where all agree, the bound has a kink; the mean's slope is one of its slopes there.
            let slopes = parts.map { 1 / count - (deviation > 0 ? factor * ($0 - mean) / (count * deviation) : 0) }
            return (mean - factor * deviation, slopes)
        case .uncertaintyWeighted(let lambda):
            return (mean - lambda * variance, parts.map { 1 / count - lambda * 2 * ($0 - mean) / count })
        case .minimum:
            let least = parts.indices.min { parts[$0] < parts[$1] } ?? 0
            return (parts[least], parts.indices.map { $0 == least ? 1 : 0 })
        }
    }
}
