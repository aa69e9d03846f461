/// RWR: each round's pictures are denoised with weights that grow with their rewards.
///
/// The baseline of Black et al., "Training Diffusion Models with Reinforcement Learning" (2024), after Lee et al., "Aligning
/// Text-to-Image Models using Human Feedback" (2023).
public struct RewardWeightedRegression: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable {
        /// Weights `n · softmax(r / τ)`.
        case rwr
        /// The best tenth, all alike.
        case sparse = "rwr-sparse"
    }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// Appendix D.5 of the paper: τ = 0.2, 400 updates of 128 pictures a round of 10,000.
        case paper
    }

    public var name: Name
    public var preset: Preset
    /// τ: the inverse of what rewards are multiplied by in the softmax.
    public var temperature = 0.2
    /// Share of the pictures that the sparse form leaves out.
    public var quantile = 0.9
    /// Whether weights are those among the pictures of the same prompt.
    public var perPrompt = false
    /// Whether the guided prediction is trained, as in the authors' code.
    public var isGuided = true
    /// Optimiser steps a round.
    public var updatesPerRound = 8
    /// Pictures of one optimiser step.
    public var batch = 32
    /// Pictures that run as one batch.
    public var microBatch = 32

    public init(name: Name, preset: Preset = .standard) {
        self.name = name
        self.preset = preset
        if preset == .paper { (updatesPerRound, batch) = (400, 128) }
    }

    public var demands: AlgorithmDemands { AlgorithmDemands(payload: .finalLatent) }

    public func rule(latentElements: Int) -> LearningRule {
        .denoising(
            DenoisingRule(
                source: .round,
                weighting: name == .rwr
                    ? .softmax(temperature: temperature, perPrompt: perPrompt)
                    : .quantile(quantile, perPrompt: perPrompt),
                isGuided: isGuided, updates: updatesPerRound, batch: batch, microBatch: microBatch))
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requirePositive(temperature, "temperature")
        try AlgorithmError.require(quantile, in: 0...1, "quantile")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(batch, "batch")
        try AlgorithmError.requirePositive(microBatch, "microBatch")
    }
}
