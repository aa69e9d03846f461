/// How an algorithm learns by denoising pictures that count differently: `Σ w_i |ε̂(x_t) - ε|²`, a value.
public struct DenoisingRule: Sendable {
    /// Which pictures are learned from.
    public enum Source: Hashable, Sendable {
        /// Those of the round, drawn by the policy.
        case round
        /// Those of the base model, drawn once.
        case baseSamples
    }

    public var source: Source
    public var weighting: SampleWeighting
    /// γ of `γ |ε̂ - ε̂_base|²`, the divergence from the base model on the same noisy pictures; 0 leaves it out.
    public var basePenalty: Double
    /// Whether the guided prediction is trained, with the guidance of sampling, or the conditional one alone.
    public var isGuided: Bool
    /// Optimiser steps a round.
    public var updates: Int
    /// Pictures of one optimiser step.
    public var batch: Int
    /// Pictures that run as one batch.
    public var microBatch: Int

    public init(
        source: Source, weighting: SampleWeighting, basePenalty: Double = 0, isGuided: Bool, updates: Int, batch: Int,
        microBatch: Int
    ) {
        self.source = source
        self.weighting = weighting
        self.basePenalty = basePenalty
        self.isGuided = isGuided
        self.updates = updates
        self.batch = batch
        self.microBatch = microBatch
    }
}
