/// Fine-tuning on pictures that the rewards prefer: all of one family, which differ in the weights of the pictures.
public struct SupervisedFineTuning: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable {
        /// On the best share of the base model's pictures, all alike (TextNorm: Kim et al., 2024).
        case sft
        /// On the best of the base model's pictures of each prompt.
        case bestOfN = "best-of-n"
        /// On all of them, weighted by the reward: DPOK's SFT without divergence (Fan et al., 2023).
        case rewardWeighted = "reward-weighted"
        /// DPOK's SFT with the divergence from the data, which comes to a constant that is added to the reward.
        case klD = "kl-d"
        /// DPOK's SFT with the divergence from the base model, on the base model's pictures.
        case klO = "kl-o"
        /// On the best of the policy's own pictures of each prompt, round after round (Dong et al., "RAFT", 2023).
        case raft
    }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// DPOK's SFT: 20,000 base samples, 128 a step, γ = 2.
        case paper
    }

    public var name: Name
    public var preset: Preset
    /// Pictures of the base model that are drawn before the first update; RAFT draws its own in each round.
    public var baseSamples = 192
    /// The checkpoint of another run whose base samples are learned from, instead of new ones; empty is none.
    public var dataset = ""
    /// Share of the pictures that `sft` leaves out; TextNorm keeps the best tenth.
    public var quantile = 0.9
    /// Whether the best are chosen among the pictures of the same prompt.
    public var perPrompt = true
    /// γ of `kl-d` and `kl-o`; DPOK chose 2 of 0.1, 1, 2 and 5.
    public var gamma = 2.0
    /// Optimiser steps a round.
    public var updatesPerRound = 8
    /// Pictures of one optimiser step.
    public var batch = 32
    /// Pictures that run as one batch.
    public var microBatch = 32

    public init(name: Name, preset: Preset = .standard) {
        self.name = name
        self.preset = preset
        if preset == .paper { (baseSamples, updatesPerRound, batch) = (20_000, 400, 128) }
        if name == .raft { baseSamples = 0 }
    }

    public var demands: AlgorithmDemands {
        var demands = AlgorithmDemands(payload: .finalLatent, baseSamples: dataset.isEmpty ? baseSamples : 0)
        demands.dataset = dataset
        return demands
    }

    public func rule(latentElements: Int) -> LearningRule {
        let weighting: SampleWeighting =
            switch name {
            case .sft: .quantile(quantile, perPrompt: perPrompt)
            case .bestOfN, .raft: .bestOfPrompt
            case .rewardWeighted, .klO: .shifted(0)
            case .klD: .shifted(gamma)
            }
        return .denoising(
            DenoisingRule(
                source: name == .raft ? .round : .baseSamples, weighting: weighting,
                basePenalty: name == .klO ? gamma : 0, isGuided: false, updates: updatesPerRound, batch: batch,
                microBatch: microBatch))
    }

    public func validate() throws(AlgorithmError) {
        if name == .raft {
            guard baseSamples == 0, dataset.isEmpty else {
                throw AlgorithmError(
                    dataset.isEmpty ? "baseSamples" : "dataset",
                    "raft learns from its own pictures: leave baseSamples at 0 and dataset empty")
            }
        } else {
            try AlgorithmError.requirePositive(baseSamples, "baseSamples")
        }
        try AlgorithmError.require(quantile, in: 0...1, "quantile")
        try AlgorithmError.requirePositive(gamma, "gamma")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(batch, "batch")
        try AlgorithmError.requirePositive(microBatch, "microBatch")
    }
}
