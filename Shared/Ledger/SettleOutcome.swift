/// What became of a result that a sampler brought.
public enum SettleOutcome: String, Codable, Hashable, Sendable {
    /// Taken into the books; the trajectory has to be kept.
    case accepted
    /// The unit was settled before, by this or another lease: the result is discarded and nothing is counted.
    case duplicate
    /// No such lease was ever given.
    case unknown
    /// Drawn with a policy that the unit's round no longer allows, or with an adapter other than the published one; the
    /// unit is leased again.
    case refused
}
