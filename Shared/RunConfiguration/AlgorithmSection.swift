/// The learning rule and its constants.
public struct AlgorithmSection: Codable, Hashable, Sendable {
    /// Which rule.
    public enum Name: String, Codable, CaseIterable, Sendable {
        /// One on-policy update a round with the score function.
        case ddpoSF = "ddpo-sf"
        /// Several updates a round with importance ratios and PPO's clip.
        case ddpoIS = "ddpo-is"
    }

    public var name = Name.ddpoIS

    public init() {}
}
