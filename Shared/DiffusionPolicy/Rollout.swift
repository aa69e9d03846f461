import Diffusion
import TensorCore

/// What a unit of sampling gives: the trajectories of a few pictures of one group, or the ends of them.
public struct Rollout: Sendable {
    /// How a unit's pictures are drawn; the update recomputes the same predictions.
    public struct Conditions: Hashable, Sendable {
        /// The guidance scale of each step.
        public var guidance: [Double]
        public var eta: Double
        /// The phrases of each sample's prompt that weigh more or less than the rest; empty where none does.
        public var phrases: [[WeightedPhrase]] = []

        public init(guidance: [Double], eta: Double, phrases: [[WeightedPhrase]] = []) {
            (self.guidance, self.eta, self.phrases) = (guidance, eta, phrases)
        }
    }

    /// One prompt per sample.
    public var prompts: [String]
    /// x_T … x_0, scaled, `[step + 1, sample, height, width, channel]`, or x_0 alone; f32, because a rounded x_{t-1} would
    /// move the log-probability by more than the clip range.
    public var latents: Tensor
    /// Mean log-probability of every step under the policy that drew it, `[step, sample]`; no steps where x_0 is alone.
    public var logProbabilities: Tensor
    public var conditions: Conditions

    public init(prompts: [String], latents: Tensor, logProbabilities: Tensor, conditions: Conditions) {
        precondition(
            latents.shape[1] == prompts.count
                && logProbabilities.shape == [latents.shape[0] - 1, prompts.count],
            "\(prompts.count) prompts, latents \(latents.shape), log-probabilities \(logProbabilities.shape)")
        self.prompts = prompts
        self.latents = latents
        self.logProbabilities = logProbabilities
        self.conditions = conditions
    }

    public var samples: Int { prompts.count }
    public var steps: Int { latents.shape[0] - 1 }

    /// One sample's latent after `steps` steps, `[height, width, channel]`.
    public func latent(of sample: Int, after steps: Int) -> Tensor {
        latents.reshaped([latents.shape[0] * samples, -1])[steps * samples + sample]
            .reshaped(Array(latents.shape.dropFirst(2)))
    }

    func phrases(of sample: Int) -> [WeightedPhrase] {
        conditions.phrases.isEmpty ? [] : conditions.phrases[sample]
    }
}

/// A round's units with their rewards, in unit order.
public struct TrainingBatch: Sendable {
    public var rollouts: [Rollout]
    /// One reward per sample, rollout by rollout.
    public var rewards: [[Double]]
    /// The derivative of each sample's reward by its ``DiffusionPolicy/pixels(_:)``, `[sample, row, column, 3]` for each
    /// rollout; empty where no algorithm wants them.
    public var pictureGradients: [Tensor]
    /// A subject's reference pictures, where they are learned from.
    public var references: ReferenceSet?

    public init(rollouts: [Rollout], rewards: [[Double]], pictureGradients: [Tensor] = []) {
        precondition(rollouts.map(\.samples) == rewards.map(\.count), "one reward per sample")
        (self.rollouts, self.rewards, self.pictureGradients) = (rollouts, rewards, pictureGradients)
    }
}
