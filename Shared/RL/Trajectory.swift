import TensorCore

/// What a unit of sampling gives: the trajectories of a few pictures of one group.
public struct Rollout: Sendable {
    /// One prompt per sample.
    public var prompts: [String]
    /// x_T … x_0, scaled, `[step + 1, sample, height, width, channel]`; f32, because a rounded x_{t-1} would move the
    /// log-probability by more than the clip range.
    public var latents: Tensor
    /// Mean log-probability of every step under the policy that drew it, `[step, sample]`.
    public var logProbabilities: Tensor
    /// How the trajectories were drawn; the update recomputes the same guided predictions.
    public var guidance: Double
    public var eta: Double

    public init(prompts: [String], latents: Tensor, logProbabilities: Tensor, guidance: Double, eta: Double) {
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
}
