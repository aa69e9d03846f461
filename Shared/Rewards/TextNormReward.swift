import Foundation
public import Imaging
public import TensorCore

/// How sure a reward is that the prompt, and none of a set of contrasting ones, is what the picture shows.
///
/// `exp(s·r(x, y)) / Σ_{y' ∈ {y} ∪ C(y)} exp(s·r(x, y'))`: Kim et al., "Confidence-aware Reward Optimization for Fine-tuning
/// Text-to-Image Models" (ICLR 2024). The largest exponent is taken off first, so that nothing overflows.
public struct TextNormReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { base.isDifferentiable }
    private let base: any RewardModel
    private let contrasts: any ContrastSource
    private let scale: Double

    /// - Parameters:
    ///   - id: the complete specification.
    ///   - base: what scores the picture for the prompt and for its contrasts.
    ///   - contrasts: the contrasting prompts.
    ///   - scale: the inverse temperature `s`.
    init(_ id: String, _ base: any RewardModel, _ contrasts: any ContrastSource, scale: Double) {
        (self.base, self.contrasts, self.scale) = (base, contrasts, scale)
        identity = RewardIdentity(
            id: id, rule: "textnorm scale=\(scale) contrasts=\(contrasts.version)", parts: [base.identity])
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        try score(pictures, candidates: prompts.map { [$0] }).map { $0[0] }
    }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        let sets = try sets(candidates)
        let scores = try base.score(pictures, candidates: sets.map { $0.flatMap(\.prompts) })
        return zip(sets, scores).map { sets, scores in
            Self.cut(scores, sets).map { normalise($0.scores, $0.set).score }
        }
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let sets = try sets(candidates)
        let tape = try base.tape(pixels, candidates: sets.map { $0.flatMap(\.prompts) })
        let results = zip(sets, tape.scores).map { sets, scores in
            Self.cut(scores, sets).map { normalise($0.scores, $0.set) }
        }
        return ScoreTape(scores: results.map { $0.map(\.score) }) { weights in
            tape.gradient(
                zip(results, weights).map { row, weights in
                    zip(row, weights).flatMap { result, weight in result.slopes.map { weight * $0 } }
                })
        }
    }

    /// A prompt with its contrasts, the prompt first; alone, with the reason, where there is none.
    private struct PromptSet {
        var prompts: [String]
        /// Why the set has no score.
        var fault: Score?
    }

    private func sets(_ candidates: [[String]]) throws -> [[PromptSet]] {
        var known: [String: PromptSet] = [:]
        for prompt in Set(candidates.flatMap(\.self)) {
            do throws(ContrastError) {
                var seen: Set = [prompt]
                let others = try contrasts.contrasts(to: prompt).filter { seen.insert($0).inserted }
                known[prompt] = PromptSet(
                    prompts: [prompt] + others,
                    fault: others.isEmpty ? .invalid("there is no prompt to contrast \"\(prompt)\" with") : nil)
            } catch {
                let fault = error.isPassing ? Score.unavailable(error.description) : .invalid(error.description)
                known[prompt] = PromptSet(prompts: [prompt], fault: fault)
            }
        }
        return candidates.map { $0.map { known[$0] ?? PromptSet(prompts: [$0]) } }
    }

    /// The scores of one picture, cut into those of each set.
    private static func cut(_ scores: [Score], _ sets: [PromptSet]) -> [(scores: ArraySlice<Score>, set: PromptSet)] {
        var at = 0
        return sets.map { set in
            defer { at += set.prompts.count }
            return (scores[at..<at + set.prompts.count], set)
        }
    }

    /// The score of a set, and its derivative by each of the base's scores.
    private func normalise(_ scores: ArraySlice<Score>, _ set: PromptSet) -> (score: Score, slopes: [Double]) {
        let none = [Double](repeating: 0, count: set.prompts.count)
        if let fault = set.fault { return (fault, none) }
        var values: [Double] = []
        var detail: [String: Double] = [:]
        for (index, score) in scores.enumerated() {
            switch score {
            case .value(let value, let more):
                values.append(value)
                if index == 0 {
                    detail["base"] = value
                    if let success = more["success"] { detail["success"] = success }
                }
            case .unavailable(let reason): return (.unavailable(reason), none)
            case .invalid(let reason):
                return (.invalid(index == 0 ? reason : "the contrast \"\(set.prompts[index])\": \(reason)"), none)
            }
        }
        let largest = values.max() ?? 0
        let exponents = values.map { exp(scale * ($0 - largest)) }
        let sum = exponents.reduce(0, +)
        let shares = exponents.map { $0 / sum }
        detail["contrasts"] = Double(values.count - 1)
        let slopes = shares.indices.map { scale * shares[0] * (($0 == 0 ? 1 : 0) - shares[$0]) }
        return (.value(shares[0], detail: detail), slopes)
    }
}
