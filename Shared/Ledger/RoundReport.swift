/// What the learner measured in one round.
public struct RoundReport: Codable, Hashable, Sendable {
    public var round = 0
    /// Pictures trained on.
    public var samples = 0
    /// Mean of the weighted reward over those pictures.
    public var rewardMean = 0.0
    /// Standard deviation of the weighted reward divided by the square root of the number of pictures.
    public var rewardStandardError = 0.0
    /// Mean of each reward by name, not weighted.
    public var rewards: [String: Double] = [:]
    /// Share of the pictures that the rewards call right; nil if no reward says.
    public var successRate: Double?
    public var loss = 0.0
    /// ½·mean((logp − logp_old)²).
    public var approximateKL = 0.0
    public var clipFraction = 0.0
    public var gradientNorm = 0.0
    /// What the pictures and the update show beside the reward, by name: `pathKL`, `diversity`, `saturation` and others.
    public var monitors: [String: Double] = [:]
    /// What is wrong with the round, in one line each.
    public var warnings: [String] = []
    /// The validation of the policy that drew the round, if it was validated.
    public var validation: ValidationReport?
    /// Largest age, in policy versions, of a picture in the batch.
    public var staleness = 0
    /// Version of the reward set that scored the round.
    public var rewardSet = 0
    /// From the end of the round before to the end of this one.
    public var seconds = 0.0
    /// Of these, the seconds spent in the update.
    public var updateSeconds = 0.0
    /// Pictures trained on in a second, over the whole round.
    public var imagesPerSecond = 0.0

    public init() {}
}
