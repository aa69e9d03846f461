public import Imaging
public import TensorCore

/// A reward that does not see one word of the prompts.
///
/// RPO (Miao et al. 2024) leaves a subject's identifier, such as "[V]", out of the texts that are compared with pictures; its
/// released code means to and does not.
public struct WithoutWordReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { base.isDifferentiable }
    private let base: any RewardModel
    private let word: String

    /// - Parameters:
    ///   - id: the complete specification.
    ///   - base: what scores the picture for the shorter prompt.
    ///   - word: what stands between spaces.
    init(_ id: String, _ base: any RewardModel, word: String) {
        (self.base, self.word) = (base, word)
        identity = RewardIdentity(id: id, rule: "without \(word)", parts: [base.identity])
    }

    /// The prompt's words but one, each after one space.
    private func shortened(_ prompt: String) -> String {
        prompt.split(separator: " ").filter { $0 != word }.joined(separator: " ")
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        try base.score(pictures, prompts: prompts.map(shortened))
    }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        try base.score(pictures, candidates: candidates.map { $0.map(shortened) })
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        try base.tape(pixels, candidates: candidates.map { $0.map(shortened) })
    }
}
