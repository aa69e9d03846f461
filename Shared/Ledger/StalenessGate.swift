/// The bound on how old a policy may be when its pictures are trained on, enforced twice: when a unit is leased (cheap)
/// and when a batch is taken (the guarantee).
///
/// Round `r` turns policy version `r` into version `r + 1`. A picture of round `r` that version `v` drew is `r − v` old.
public struct StalenessGate: Codable, Hashable, Sendable {
    /// The largest age allowed; 0 is fully on-policy.
    public let maximum: Int

    /// - Precondition: `maximum` is not negative.
    public init(maximum: Int) {
        precondition(maximum >= 0, "a staleness of \(maximum)")
        self.maximum = maximum
    }

    /// Whether the policy in force may draw for a round.
    public func mayLease(round: Int, policyVersion: Int) -> Bool {
        policyVersion <= round && round - policyVersion <= maximum
    }

    /// Whether pictures of a policy version may be trained on in a round.
    public func mayTrain(round: Int, policyVersion: Int) -> Bool {
        mayLease(round: round, policyVersion: policyVersion)
    }

    /// The last round that may be drawn while a policy version is in force.
    public func lastRound(policyVersion: Int) -> Int { policyVersion + maximum }
}
