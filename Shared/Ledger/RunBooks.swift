/// The books of a run: units, policy versions, reward sets and the state machine that ties them together.
///
/// A value with `(state, event) -> actions`, and no clock, socket or task inside: the coordinator feeds it what happens,
/// a test feeds it what might.
public struct RunBooks: Hashable, Sendable {
    public let plan: RunPlan
    public internal(set) var units: UnitLedger
    public internal(set) var state = RunState.starting
    public internal(set) var outcome: RunOutcome?
    public internal(set) var rewardSets = RewardSetTimeline()
    /// The policy version in force, which is also the round that is trained next; nil before the learner has published.
    public internal(set) var policyVersion: Int?
    public internal(set) var policies: [Int: PublishedPolicy] = [:]
    /// One report for each trained round, in order.
    public internal(set) var reports: [RoundReport] = []
    /// What the validation of the last policy came to, after the last update.
    public internal(set) var closing: RoundReport?
    /// Rounds of the last checkpoint.
    public internal(set) var lastCheckpoint: Int?
    /// How many samplers are wanted; nil until somebody said.
    public internal(set) var samplers: Int?
    var checkpointRequested = false

    public init(plan: RunPlan) {
        self.plan = plan
        units = UnitLedger(plan: plan)
    }

    public var counts: LedgerCounts { units.counts }

    /// The round whose checkpoint has to be written now, if any.
    public var dueCheckpoint: Int? {
        guard let round = policyVersion, state != .finished else { return nil }
        if checkpointRequested { return round }
        guard round != lastCheckpoint else { return nil }
        let ends = state == .stopping || round == plan.rounds || (state == .draining && nothingLeft)
        return ends || (round > 0 && round.isMultiple(of: plan.checkpointEvery)) ? round : nil
    }

    /// What a sampler that asks for work gets.
    public var leaseOffer: LeaseOffer {
        switch state {
        case .starting:
            return .wait(policyVersion == nil ? "waiting for the learner's policy" : "waiting for the reward services")
        case .pausing, .paused:
            return .wait("the run is \(state.rawValue)")
        case .stopping, .finished:
            return .stop
        case .running, .draining:
            guard let version = policyVersion, let unit = units.nextUnit(policyVersion: version) else {
                return .wait("every unit of the rounds within the staleness bound is taken")
            }
            return .lease(unit: unit, policyVersion: version)
        }
    }

    /// What the learner has to do.
    public var learnerInstruction: LearnerInstruction {
        if state == .finished { return .stop }
        if let round = dueCheckpoint { return .checkpoint(round: round) }
        guard let round = policyVersion, state != .starting, state != .stopping else {
            return .wait("the run is \(state.rawValue)")
        }
        guard let batch = units.batch(ofRound: round) else {
            return .wait("round \(round) is being drawn and scored")
        }
        return .train(round: round, units: batch)
    }

    /// Whether every update is done, and every policy validated that is to be.
    var isComplete: Bool { policyVersion == plan.rounds && (plan.lastRound < plan.rounds || closing != nil) }

    /// Whether a draining run has finished the last round that it had begun.
    var nothingLeft: Bool {
        guard let round = policyVersion else { return true }
        return units.round(round).allSatisfy { $0.tokens.isEmpty }
    }

    /// Whether nothing is being drawn, scored or trained.
    var isQuiescent: Bool {
        guard let round = policyVersion else { return true }
        return units.leases.count == 0 && !units.hasUnscored
            && units.batch(ofRound: round) == nil
    }
}
