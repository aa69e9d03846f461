/// Everything that can happen to a run.
///
/// The list of events since its start is the run's history: applied in order to fresh books it gives the same books
/// again.
public enum RunEvent: Codable, Hashable, Sendable {
    /// The coordinator's process has started with these books.
    case opened
    /// The learner goes on from the checkpoint of this many rounds; whatever came later is undone.
    case rewound(toRound: Int)

    case rewardSetInstalled(RewardSet)
    case rewardSetReady(version: Int)
    case policyPublished(PublishedPolicy)

    case leased(unit: UnitID, worker: String, policyVersion: Int)
    case gaveUp(unit: UnitID, token: FencingToken, reason: GiveUpReason)
    case settled(unit: UnitID, SampledUnit)
    case scored(unit: UnitID)
    case scoredInvalid(unit: UnitID, reason: String)
    case trained(PublishedPolicy, RoundReport)
    case checkpointed(round: Int)

    case pauseRequested
    case resumeRequested
    case drainRequested
    case stopRequested
    case checkpointRequested
    case scaled(samplers: Int)
    case failed(String)
}

/// Why a lease ended without a result.
public enum GiveUpReason: String, Codable, Hashable, Sendable {
    case expired
    case workerLeft
    case workerFailed
    case learnerRefused
}
