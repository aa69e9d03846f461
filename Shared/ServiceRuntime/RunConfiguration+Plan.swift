public import Ledger
public import RunConfiguration

extension RunConfiguration {
    /// The numbers that shape the books.
    public var plan: RunPlan {
        RunPlan(
            rounds: rounds,
            layout: RoundLayout(
                units: sampling.unitsPerRound,
                firstUnits: algorithm.demands.baseSamples > 0
                    ? algorithm.demands.baseSamples / sampling.samplesPerUnit : nil,
                validation: validation.isOn
                    ? .init(units: validation.samples / sampling.samplesPerUnit, every: validation.every) : nil),
            samplesPerUnit: sampling.samplesPerUnit,
            staleness: StalenessGate(maximum: staleness), leaseSeconds: leases.seconds,
            maximumAttempts: leases.attempts, checkpointEvery: checkpoints.every)
    }

    /// The rewards that the run begins with.
    public var firstRewardSet: RewardSet {
        RewardSet(
            version: 1, members: rewards.map { .init(name: $0.name, spec: $0.spec, weight: $0.weight) })
    }
}
