/// Which algorithm updates the policy, and its settings.
///
/// A new algorithm is a file with a ``PolicyObjective``, a case here and a branch in ``makeObjective(latentElements:)``.
public struct AlgorithmConfiguration: Codable, Hashable, Sendable {
    public enum Name: String, Codable, CaseIterable, Sendable {
        /// DDPO with the score-function estimator: one update a round, on policy.
        case ddpoScoreFunction = "ddpo-sf"
        /// DDPO with importance sampling: several updates a round under PPO's clip.
        case ddpoImportanceSampling = "ddpo-is"
    }

    public var name = Name.ddpoImportanceSampling
    /// Half-width of the ratio's clip range; `nil` is `1.64 / N` for latents of `N` elements.
    ///
    /// The log-probability is a mean over elements, so a range that fits 512² pictures (1e-4, N = 16384) must grow as N
    /// shrinks to allow the same shift of a whole trajectory.
    public var clipRange: Double?
    /// Advantages are clipped to ± this.
    public var advantageClip = 5.0
    /// Optimiser steps in one pass through a round; each takes an equal share of the samples.
    ///
    /// DDPO-SF needs 1: its estimator holds on policy only.
    public var updatesPerRound = 2
    /// How often a round's samples are gone through.
    public var innerEpochs = 1
    /// How many of a trajectory's steps, the noisiest first, are trained on; `nil` is all.
    ///
    /// The last steps have the smallest deviation and so the largest gradients (the weight `κ` of `Transition.divergenceScale`
    /// is 50 times that of the others in the last but one), yet what a picture shows has been decided before them.
    public var trainedSteps: Int?
    /// Share of each trajectory's timesteps that is trained on, drawn at random.
    public var timestepFraction = 1.0
    /// Rewards of each prompt that advantages are normalised over; `nil` normalises over the round.
    public var tracker: Tracker? = Tracker()
    /// Transitions that run as one batch.
    public var microBatch = 32

    /// Settings of the per-prompt statistics (``PromptStatistics``).
    public struct Tracker: Codable, Hashable, Sendable {
        public var bufferSize = 32
        public var minimumCount = 16

        public init() {}
    }

    public init() {}

    /// The loss that these settings name, for samples of `latentElements` elements of latents.
    public func makeObjective(latentElements: Int) -> any PolicyObjective {
        switch name {
        case .ddpoScoreFunction: ScoreFunctionObjective()
        case .ddpoImportanceSampling:
            ClippedObjective(clipRange: clipRange ?? 1.64 / Double(latentElements))
        }
    }
}
