import Foundation

/// How much each picture counts in a denoising loss, by its reward.
public enum SampleWeighting: Hashable, Sendable {
    /// `r + γ`: reward-weighted fine-tuning with γ = 0; DPOK's KL-D with γ > 0. A negative weight drives the policy away
    /// from its picture, without a bound.
    case shifted(Double)
    /// `n · softmax(r / τ)` over the pictures of a prompt or over all: RWR.
    case softmax(temperature: Double, perPrompt: Bool)
    /// 1 where the reward reaches the quantile, else 0: RWR-sparse and selection of the best.
    case quantile(Double, perPrompt: Bool)
    /// 1 for the picture of each prompt with the largest reward, the first of equals, else 0: best-of-n, RAFT.
    case bestOfPrompt

    /// Whether a weight of 0 means that a picture was not selected; else it counts in means, and pays what all pay.
    public var selects: Bool {
        switch self {
        case .shifted, .softmax: false
        case .quantile, .bestOfPrompt: true
        }
    }

    /// The weight of each picture.
    ///
    /// - Parameters:
    ///   - rewards: one finite reward per picture.
    ///   - prompts: the prompt of each picture, in the same order.
    /// - Returns: one weight per picture.
    public func weights(rewards: [Double], prompts: [String]) -> [Double] {
        precondition(rewards.count == prompts.count, "\(rewards.count) rewards for \(prompts.count) prompts")
        switch self {
        case .shifted(let shift): return rewards.map { $0 + shift }
        case .softmax(let temperature, let perPrompt):
            return Self.byGroup(rewards, perPrompt ? prompts : nil) { Self.softmax($0, temperature) }
        case .quantile(let share, let perPrompt):
            return Self.byGroup(rewards, perPrompt ? prompts : nil) { group in
                let threshold = Self.quantile(group, share)
                return group.map { $0 >= threshold ? 1 : 0 }
            }
        case .bestOfPrompt:
            return Self.byGroup(rewards, prompts) { group in
                let best = group.indices.max { (group[$0], -$0) < (group[$1], -$1) }
                return group.indices.map { $0 == best ? 1 : 0 }
            }
        }
    }

    /// The quantile with linear interpolation between the two nearest values, as NumPy's `percentile` has it.
    static func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.last else { return .infinity }
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (sorted[below + 1] - sorted[below]) * (place - Double(below))
    }

    private static func softmax(_ values: [Double], _ temperature: Double) -> [Double] {
        let largest = values.max() ?? 0
        let exponentials = values.map { exp(($0 - largest) / temperature) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { Double(values.count) * $0 / sum }
    }

    /// Applies `body` to the values of each key, or to all without keys, and puts the results in order.
    private static func byGroup(_ values: [Double], _ keys: [String]?, _ body: ([Double]) -> [Double]) -> [Double] {
        guard let keys else { return body(values) }
        var result = values
        for (_, places) in Dictionary(grouping: values.indices, by: { keys[$0] }) {
            for (place, value) in zip(places, body(places.map { values[$0] })) { result[place] = value }
        }
        return result
    }
}
