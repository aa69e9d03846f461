import Testing

@testable import Ledger

/// A run's books with the short cuts that tests need.
struct RunFixture {
    var books: RunBooks
    var now = 1_000.0

    init(
        rounds: Int = 2, units: Int = 3, staleness: Int = 0, leaseSeconds: Double = 60, attempts: Int = 3,
        checkpointEvery: Int = 100, firstUnits: Int? = nil, validation: RoundLayout.Validation? = nil
    ) {
        books = RunBooks(
            plan: RunPlan(
                rounds: rounds, layout: RoundLayout(units: units, firstUnits: firstUnits, validation: validation),
                samplesPerUnit: 4, staleness: StalenessGate(maximum: staleness),
                leaseSeconds: leaseSeconds, maximumAttempts: attempts, checkpointEvery: checkpointEvery))
    }

    static func policy(_ version: Int) -> PublishedPolicy {
        PublishedPolicy(version: version, sha256: "adapter-\(version)", modules: 16)
    }

    static func rewards(_ version: Int, spec: String = "checker") -> RewardSet {
        RewardSet(version: version, members: [.init(name: "main", spec: spec, weight: 1)])
    }

    @discardableResult
    mutating func apply(_ event: RunEvent) -> [RunAction] {
        books.apply(event, at: now)
    }

    /// Learner and reward service have reported.
    mutating func start() {
        apply(.rewardSetInstalled(Self.rewards(1)))
        apply(.rewardSetReady(version: 1))
        apply(.policyPublished(Self.policy(0)))
    }

    /// Leases what is offered; nil if nothing is.
    mutating func lease(_ worker: String = "a") -> Lease? {
        guard case .lease(let unit, let version) = books.leaseOffer else { return nil }
        apply(.leased(unit: unit, worker: worker, policyVersion: version))
        return books.units.leases[unit]
    }

    /// Leases what is offered, which has to be something.
    mutating func takeLease(_ worker: String = "a") throws -> Lease {
        let lease = lease(worker)
        return try #require(lease)
    }

    @discardableResult
    mutating func settle(_ lease: Lease) -> SettleOutcome? {
        let result = SampledUnit(
            token: lease.token, worker: lease.worker, policyVersion: lease.policyVersion,
            adapter: Self.policy(lease.policyVersion).sha256)
        for case .settled(_, let outcome) in apply(.settled(unit: lease.unit, result)) {
            return outcome
        }
        return nil
    }

    /// Draws and scores every unit that can be leased now.
    mutating func drawRound() {
        while let lease = lease() {
            settle(lease)
            apply(.scored(unit: lease.unit))
        }
    }

    /// Does what the learner is told, once.
    @discardableResult
    mutating func learn() -> LearnerInstruction {
        let instruction = books.learnerInstruction
        switch instruction {
        case .train(let round, _): apply(.trained(Self.policy(round + 1), RoundReport()))
        case .checkpoint(let round): apply(.checkpointed(round: round))
        case .wait, .stop: break
        }
        return instruction
    }
}
