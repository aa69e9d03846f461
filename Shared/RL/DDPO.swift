/// DDPO: denoising as a Markov decision process whose steps are trained by policy gradients.
///
/// Black et al., "Training Diffusion Models with Reinforcement Learning" (2024). With `normalization: group` it is the
/// estimator of GRPO (Shao et al., "DeepSeekMath", 2024) on diffusion steps.
public struct DDPO: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable {
        /// The score-function estimator: one update a round, on policy.
        case scoreFunction = "ddpo-sf"
        /// Importance sampling: several updates a round under PPO's clip.
        case importanceSampling = "ddpo-is"
    }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// Appendix D.5 of the paper: IS takes 4 updates of 64 samples a round, SF one of 256.
        case paper
        /// ddpo-pytorch's configuration for aesthetic quality and alignment: 2 updates, tracker 32/16, advantages ± 5.
        case code
        /// ddpo-pytorch's configuration for JPEG sizes: 4 updates, tracker 16/16.
        case codeCompressibility = "code-compressibility"
        /// trl's defaults: no tracker.
        case trl
    }

    /// What rewards are normalised over.
    public enum Normalization: String, Codable, CaseIterable, Sendable {
        /// The recent rewards of the same prompt; see ``DDPO/tracker``.
        case promptHistory = "prompt-history"
        /// The round.
        case round
        /// The same prompt's pictures of the round, as in GRPO.
        case group
    }

    /// Settings of the per-prompt statistics (``PromptStatistics``).
    public struct Tracker: Codable, Hashable, Sendable {
        public var bufferSize = 32
        public var minimumCount = 16

        public init() {}
    }

    public var name: Name
    public var preset: Preset
    /// Half-width of the ratio's clip range; `null` is `clipNats / N` for latents of `N` elements.
    @OptionalSetting public var clipRange: Double?
    /// Half-width of the clip range in nats of a whole step.
    ///
    /// The log-probability is a mean over elements, so a range that fits 512² pictures (1e-4, N = 16384) must grow as N
    /// shrinks to allow the same shift of a whole step.
    public var clipNats = 1.64
    /// Advantages are clipped to ± this.
    public var advantageClip = 5.0
    /// Optimiser steps in one pass through a round; each takes an equal share of the samples.
    ///
    /// DDPO-SF needs 1: its estimator holds on policy only.
    public var updatesPerRound = 2
    /// How often a round's samples are gone through.
    public var innerEpochs = 1
    /// How many of a trajectory's steps, the noisiest first, are trained on; `null` is all.
    ///
    /// The last steps have the smallest deviation and so the largest gradients (the weight `κ` of `Transition.divergenceScale`
    /// is 50 times that of the others in the last but one), yet what a picture shows has been decided before them.
    @OptionalSetting public var trainedSteps: Int?
    /// Share of each trajectory's timesteps that is trained on, drawn at random.
    public var timestepFraction = 1.0
    public var normalization = Normalization.promptHistory
    public var tracker = Tracker()
    /// Whether the policy is that of guided predictions in training, as it is in sampling.
    ///
    /// Without it only the first round helps (appendix E.1 of the paper).
    public var isGuided = true
    /// Transitions that run as one batch.
    public var microBatch = 32

    public init(name: Name, preset: Preset = .standard) {
        self.name = name
        self.preset = preset
        if name == .scoreFunction { updatesPerRound = 1 }
        switch preset {
        case .standard: break
        case .paper:
            if name == .importanceSampling { updatesPerRound = 4 }
            advantageClip = 10
        case .code: break
        case .codeCompressibility:
            if name == .importanceSampling { updatesPerRound = 4 }
            tracker.bufferSize = 16
        case .trl: normalization = .round
        }
    }

    public var demands: AlgorithmDemands { AlgorithmDemands(needsNoise: true) }

    public func rule(latentElements: Int) -> LearningRule {
        let objective: any PolicyObjective =
            switch name {
            case .scoreFunction: ScoreFunctionObjective()
            case .importanceSampling: ClippedObjective(clipRange: clipRange ?? clipNats / Double(latentElements))
            }
        let baseline: TrajectoryRule.Baseline =
            switch normalization {
            case .promptHistory:
                .promptHistory(bufferSize: tracker.bufferSize, minimumCount: tracker.minimumCount)
            case .round: .round
            case .group: .group
            }
        var rule = TrajectoryRule(
            objective: objective, baseline: baseline, advantageClip: advantageClip,
            batches: .shares(
                updates: updatesPerRound, innerEpochs: innerEpochs, timestepFraction: timestepFraction),
            trainedSteps: trainedSteps, microBatch: microBatch)
        rule.isGuided = isGuided
        return .trajectories(rule)
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requirePositive(clipRange, "clipRange")
        try AlgorithmError.requirePositive(clipNats, "clipNats")
        try AlgorithmError.requirePositive(advantageClip, "advantageClip")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(innerEpochs, "innerEpochs")
        try AlgorithmError.requirePositive(trainedSteps ?? 1, "trainedSteps")
        try AlgorithmError.requirePositive(microBatch, "microBatch")
        try AlgorithmError.requirePositive(tracker.bufferSize, "tracker.bufferSize")
        try AlgorithmError.requirePositive(tracker.minimumCount, "tracker.minimumCount")
        guard timestepFraction > 0, timestepFraction <= 1 else {
            throw AlgorithmError("timestepFraction", "\(timestepFraction) must be above 0 and at most 1")
        }
        guard name == .importanceSampling || updatesPerRound * innerEpochs == 1 else {
            throw AlgorithmError(
                updatesPerRound > 1 ? "updatesPerRound" : "innerEpochs",
                "ddpo-sf holds on policy only: set updatesPerRound: 1 and innerEpochs: 1, or name: ddpo-is")
        }
    }
}
