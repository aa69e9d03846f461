import Ledger
import RunConfiguration

extension RunConfiguration {
    /// The numbers that shape the books.
    var plan: RunPlan {
        RunPlan(
            rounds: rounds, unitsPerRound: sampling.unitsPerRound, samplesPerUnit: sampling.samplesPerUnit,
            staleness: StalenessGate(maximum: staleness), leaseSeconds: leases.seconds,
            maximumAttempts: leases.attempts, checkpointEvery: checkpoints.every)
    }

    /// The rewards that the run begins with.
    var firstRewardSet: RewardSet {
        RewardSet(
            version: 1, members: rewards.map { .init(name: $0.name, spec: $0.spec, weight: $0.weight) })
    }
}
