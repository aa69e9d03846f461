/// How a policy-gradient algorithm learns from trajectories: everything in which the algorithms differ, as a value.
public struct TrajectoryRule: Sendable {
    /// What a reward is compared with.
    public enum Baseline: Hashable, Sendable {
        /// The recent rewards of the same prompt (``PromptStatistics``).
        case promptHistory(bufferSize: Int, minimumCount: Int)
        /// All rewards of the round.
        case round
        /// The rewards of the same prompt in the round (``groupAdvantages(rewards:prompts:)``).
        case group
        /// What a network expects of the noisy latent; not normalised (``ValueNetwork``).
        case value(ValueSettings)
    }

    /// Which transitions each optimiser step sees.
    public enum Batches: Hashable, Sendable {
        /// Whole trajectories of the round, each in one step of a pass; a random share of their timesteps.
        case shares(updates: Int, innerEpochs: Int, timestepFraction: Double)
        /// Transitions drawn at random from the latest `capacity`.
        case replay(capacity: Int, updates: Int, transitions: Int)
    }

    /// The loss of a transition.
    public var objective: any PolicyObjective
    public var baseline: Baseline
    /// Advantages are clipped to ± this, where that is wanted.
    public var advantageClip: Double?
    /// What is paid for leaving the base model.
    public var penalty: DivergencePenalty?
    public var batches: Batches
    /// How many of a trajectory's steps, the noisiest first, are trained on; `nil` is all.
    public var trainedSteps: Int?
    /// Whether the log-probability is of the guided prediction, as it was drawn, or of the conditional one alone.
    public var isGuided = true
    /// Transitions that run as one batch.
    public var microBatch: Int

    public init(
        objective: any PolicyObjective, baseline: Baseline, advantageClip: Double? = nil,
        penalty: DivergencePenalty? = nil, batches: Batches, trainedSteps: Int? = nil, microBatch: Int
    ) {
        self.objective = objective
        self.baseline = baseline
        self.advantageClip = advantageClip
        self.penalty = penalty
        self.batches = batches
        self.trainedSteps = trainedSteps
        self.microBatch = microBatch
    }
}

/// What a policy pays for each step that it takes unlike the base model.
public struct DivergencePenalty: Hashable, Sendable {
    public enum Form: String, Codable, CaseIterable, Sendable {
        /// `mean((ε̂ - ε̂_base)²)` of the guided predictions, the same for all timesteps, as DPOK's code has it.
        case predictionMSE = "prediction-mse"
        /// The Kullback-Leibler divergence of the two Gaussians of the step, `κ_t · mean((ε̂ - ε̂_base)²)`, per element, as the
        /// log-probability is.
        case exact
    }

    public var weight: Double
    public var form: Form

    public init(weight: Double, form: Form) { (self.weight, self.form) = (weight, form) }

    /// What one unit of `mean((ε̂ - ε̂_base)²)` costs at a step whose `κ` (`Transition.divergenceScale`) is given.
    public func price(divergenceScale: Double) -> Double {
        switch form {
        case .predictionMSE: weight
        case .exact: weight * divergenceScale
        }
    }
}
