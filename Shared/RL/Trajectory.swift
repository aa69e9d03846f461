import TensorCore

/// What a unit of sampling gives: the trajectories of a few pictures of one group, or the ends of them.
public struct Rollout: Sendable {
    /// One prompt per sample.
    public var prompts: [String]
    /// x_T … x_0, scaled, `[step + 1, sample, height, width, channel]`, or x_0 alone; f32, because a rounded x_{t-1} would
    /// move the log-probability by more than the clip range.
    public var latents: Tensor
    /// Mean log-probability of every step under the policy that drew it, `[step, sample]`; no steps where x_0 is alone.
    public var logProbabilities: Tensor
    /// The guidance scale of each step; the update recomputes the same guided predictions.
    public var guidance: [Double]
    public var eta: Double

    public init(prompts: [String], latents: Tensor, logProbabilities: Tensor, guidance: [Double], eta: Double) {
        precondition(
            latents.shape[1] == prompts.count
                && logProbabilities.shape == [latents.shape[0] - 1, prompts.count],
            "\(prompts.count) prompts, latents \(latents.shape), log-probabilities \(logProbabilities.shape)")
        self.prompts = prompts
        self.latents = latents
        self.logProbabilities = logProbabilities
        self.guidance = guidance
        self.eta = eta
    }

    public var samples: Int { prompts.count }
    public var steps: Int { latents.shape[0] - 1 }

    /// One sample's latent after `steps` steps, `[height, width, channel]`.
    public func latent(of sample: Int, after steps: Int) -> Tensor {
        latents.reshaped([latents.shape[0] * samples, -1])[steps * samples + sample]
            .reshaped(Array(latents.shape.dropFirst(2)))
    }
}

/// A round's units with their rewards, in unit order.
public struct TrainingBatch: Sendable {
    public var rollouts: [Rollout]
    /// One reward per sample, rollout by rollout.
    public var rewards: [[Double]]

    public init(rollouts: [Rollout], rewards: [[Double]]) {
        precondition(rollouts.map(\.samples) == rewards.map(\.count), "one reward per sample")
        (self.rollouts, self.rewards) = (rollouts, rewards)
    }
}
