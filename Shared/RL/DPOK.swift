/// DPOK: policy gradients with a divergence penalty against the base model and a learned baseline.
///
/// Fan et al., "DPOK: Reinforcement Learning for Fine-tuning Text-to-Image Diffusion Models" (2023); where the paper leaves a
/// choice open, the authors' code decides (`google-research/dpok`, `train_online_pg.py`).
public struct DPOK: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable { case dpok }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// The settings that an independent reproduction saw to move, with steps as large as the embedded model bears.
        case standard
        /// The paper: α = 10, β = 0.01, 32 transitions a step.
        case paper
        /// The code's README for one prompt: α = 10, β = 0.01, 48 transitions a step.
        case code
        /// The code's README for many prompts: α = 1000, β = 0.1, 24 transitions a step.
        case codeManyPrompts = "code-many-prompts"
        /// Third-party reproduction (`diffusion-graphs-dpok`): α = 5 and ten times the clamp of the paper, whose own settings
        /// hardly moved there.
        case reproduced
    }

    public var name = Name.dpok
    public var preset: Preset
    /// α, the weight of the reward.
    public var rewardWeight = 10.0
    /// β, the weight of the divergence from the base model; 0 leaves it out.
    public var klWeight = 0.01
    /// How the divergence is measured: in the paper the exact one along the path, in the code the unweighted error of ε̂.
    public var klForm = DivergencePenalty.Form.predictionMSE
    /// Half-width of the ratio's clamp; `null` is `clipNats / N` for latents of `N` elements.
    ///
    /// Not PPO's clip: outside the clamp the gradient is zero on both sides, whatever the sign of the advantage.
    @OptionalSetting public var clipRange: Double?
    /// Half-width of the clamp in nats of a whole step; 1.64 is 1e-4 on the mean over 16384 elements.
    public var clipNats = 1.64
    /// Optimiser steps a round.
    public var updatesPerRound = 5
    /// Transitions of one optimiser step, drawn without replacement from the buffer.
    public var transitionsPerUpdate = 48
    /// Transitions that the buffer keeps; the oldest go first.
    public var replayCapacity = 1000
    /// How many of a trajectory's steps, the noisiest first, are trained on; `null` is all.
    @OptionalSetting public var trainedSteps: Int?
    public var value = ValueSettings()
    /// Transitions that run as one batch.
    public var microBatch = 24

    public init(name: Name = .dpok, preset: Preset = .standard) {
        self.preset = preset
        switch preset {
        case .standard: clipNats = 16.4
        case .paper: transitionsPerUpdate = 32
        case .code: break
        case .codeManyPrompts:
            (rewardWeight, klWeight, transitionsPerUpdate) = (1000, 0.1, 24)
        case .reproduced: (rewardWeight, clipNats) = (5, 16.4)
        }
    }

    public var demands: AlgorithmDemands { AlgorithmDemands(needsNoise: true) }

    public func rule(latentElements: Int) -> LearningRule {
        .trajectories(
            TrajectoryRule(
                objective: ClampedObjective(
                    clipRange: clipRange ?? clipNats / Double(latentElements), weight: rewardWeight),
                baseline: .value(value),
                penalty: klWeight > 0 ? DivergencePenalty(weight: klWeight, form: klForm) : nil,
                batches: .replay(
                    capacity: replayCapacity, updates: updatesPerRound, transitions: transitionsPerUpdate),
                trainedSteps: trainedSteps, microBatch: microBatch))
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requirePositive(rewardWeight, "rewardWeight")
        guard klWeight >= 0, klWeight.isFinite else {
            throw AlgorithmError("klWeight", "\(klWeight) is no weight; 0 leaves the divergence out")
        }
        try AlgorithmError.requirePositive(clipRange, "clipRange")
        try AlgorithmError.requirePositive(clipNats, "clipNats")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(transitionsPerUpdate, "transitionsPerUpdate")
        try AlgorithmError.requirePositive(replayCapacity, "replayCapacity")
        try AlgorithmError.requirePositive(trainedSteps ?? 1, "trainedSteps")
        try AlgorithmError.requirePositive(microBatch, "microBatch")
        try value.validate()
        guard transitionsPerUpdate <= replayCapacity else {
            throw AlgorithmError(
                "transitionsPerUpdate",
                "\(transitionsPerUpdate) transitions cannot be drawn from \(replayCapacity): raise replayCapacity")
        }
    }
}
