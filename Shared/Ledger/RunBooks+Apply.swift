extension RunBooks {
    /// Enters an event.
    ///
    /// - Parameters:
    ///   - event: what happened. An event that does not fit the state (a result of an unknown lease, `resume` of a run
    ///     that is not paused) changes nothing.
    ///   - now: seconds since 1970.
    /// - Returns: what it led to, in order.
    public mutating func apply(_ event: RunEvent, at now: Double) -> [RunAction] {
        var actions: [RunAction] = []
        let readyBefore = readyBatch
        let dueBefore = dueCheckpoint
        change(by: event, at: now, &actions)
        advance(&actions)
        if let ready = readyBatch, ready != readyBefore, case .train(let round, let units) = ready {
            actions.append(.batchReady(round: round, units: units))
        }
        if let due = dueCheckpoint, due != dueBefore {
            actions.append(.checkpointDue(round: due))
        }
        return actions
    }

    private var readyBatch: LearnerInstruction? {
        if case .train = learnerInstruction { learnerInstruction } else { nil }
    }

    private mutating func change(by event: RunEvent, at now: Double, _ actions: inout [RunAction]) {
        switch event {
        case .opened:
            // A new process: the learner has to say anew what it goes on from.
            policyVersion = nil
            outcome = nil
            checkpointRequested = false
            enter(.starting, &actions)
        case .rewound(let round):
            rewind(toRound: round, &actions)
        case .rewardSetInstalled(let set):
            rewardSets.install(set)
        case .rewardSetReady(let version):
            rewardSets.markReady(version)
            if rewardSets.current?.version == version {
                actions.append(.rewardSetCurrent(version: version))
            }
        case .policyPublished(let policy):
            guard policyVersion == nil || policyVersion == policy.version else { break }
            policies[policy.version] = policy
            policyVersion = policy.version
        case .leased(let unit, let worker, let version):
            guard leaseOffer == .lease(unit: unit, policyVersion: version) else { break }
            rewardSets.begin(round: plan.round(of: unit))
            units.lease(unit, to: worker, policyVersion: version, at: now)
        case .gaveUp(let unit, let token, _):
            giveUp(unit, token, &actions)
        case .settled(let unit, let result):
            settle(unit, result, &actions)
        case .scored(let unit):
            units.score(unit)
        case .scoredInvalid(let unit, _):
            drop(unit, .invalidScore, &actions)
        case .trained(let policy, let report):
            train(policy, report, &actions)
        case .checkpointed(let round):
            if round == policyVersion { checkpointRequested = false }
            lastCheckpoint = round
        case .scaled(let samplers):
            self.samplers = samplers
        case .pauseRequested, .resumeRequested, .drainRequested, .stopRequested, .checkpointRequested, .failed:
            command(event, &actions)
        }
    }

    private mutating func command(_ event: RunEvent, _ actions: inout [RunAction]) {
        switch (event, state) {
        case (_, .finished):
            break
        case (.pauseRequested, .running), (.pauseRequested, .starting):
            enter(.pausing, &actions)
        case (.resumeRequested, .pausing), (.resumeRequested, .paused):
            enter(.starting, &actions)
        case (.drainRequested, .running), (.drainRequested, .pausing), (.drainRequested, .paused),
            (.drainRequested, .starting):
            enter(.draining, &actions)
        case (.stopRequested, let state) where state != .stopping:
            enter(.stopping, &actions)
        case (.checkpointRequested, let state) where state != .stopping:
            checkpointRequested = true
        case (.failed(let reason), _):
            finish(.failed(reason), &actions)
        default:
            break
        }
    }

    private mutating func rewind(toRound round: Int, _ actions: inout [RunAction]) {
        units.rewind(toRound: round)
        rewardSets.rewind(toRound: round)
        policies = policies.filter { $0.key < round }
        reports = Array(reports.prefix(round))
        closing = nil
        policyVersion = nil
        outcome = nil
        checkpointRequested = false
        lastCheckpoint = round
        enter(.starting, &actions)
    }

    private mutating func giveUp(_ unit: UnitID, _ token: FencingToken, _ actions: inout [RunAction]) {
        guard units.giveUp(unit, token: token) else { return }
        if case .dropped(let reason) = units[unit]?.stage {
            actions.append(.dropped(unit: unit, reason))
        } else {
            actions.append(.requeued(unit: unit))
        }
    }

    private mutating func settle(_ unit: UnitID, _ result: SampledUnit, _ actions: inout [RunAction]) {
        guard let published = policies[result.policyVersion], published.sha256 == result.adapter else {
            // The sampler bound something else than what was published: its pictures teach nothing.
            let known = units[unit]?.tokens.contains(result.token) == true
            actions.append(.settled(unit: unit, known ? .refused : .unknown))
            giveUp(unit, result.token, &actions)
            return
        }
        let outcome = units.settle(unit, result)
        actions.append(.settled(unit: unit, outcome))
        if outcome == .refused { actions.append(.requeued(unit: unit)) }
    }

    private mutating func drop(_ unit: UnitID, _ reason: DropReason, _ actions: inout [RunAction]) {
        guard units.drop(unit, reason) else { return }
        actions.append(.dropped(unit: unit, reason))
    }

    private mutating func train(_ policy: PublishedPolicy, _ report: RoundReport, _ actions: inout [RunAction]) {
        guard let round = policyVersion, units.batch(ofRound: round) != nil else { return }
        guard round < plan.rounds else {
            // Nothing is left to learn: the batch has validated the last policy.
            guard policy.version == round else { return }
            units.train(round: round)
            closing = report
            return
        }
        guard policy.version == round + 1 else { return }
        units.train(round: round)
        policies[policy.version] = policy
        policyVersion = policy.version
        reports.append(report)
        // A late sampler may still hold an older version, but never one that the gate refuses anyway.
        policies = policies.filter { $0.key >= policy.version - plan.staleness.maximum - 1 }
        for version in rewardSets.retire(before: policy.version) {
            actions.append(.rewardSetRetired(version: version))
        }
    }

    /// Everything that follows from the state alone.
    private mutating func advance(_ actions: inout [RunAction]) {
        guard state != .finished else { return }
        if state == .starting, policyVersion != nil, rewardSets.current != nil {
            enter(.running, &actions)
        }
        if let round = policyVersion {
            if state == .running {
                while units.plannedRounds <= min(plan.staleness.lastRound(policyVersion: round), plan.lastRound) {
                    actions.append(.planned(round: units.plannedRounds))
                    units.planNextRound()
                }
            }
            // The staleness gate's second check: here the batch is taken.
            if units.batch(ofRound: round) != nil {
                for unit in units.stale(inRound: round) {
                    drop(unit, .stale, &actions)
                }
            }
        }
        if state == .pausing, isQuiescent { enter(.paused, &actions) }
        let isOver = isComplete || (state == .draining && nothingLeft)
        if state == .stopping, dueCheckpoint == nil {
            finish(policyVersion == plan.rounds ? .completed : .stopped, &actions)
        } else if isOver, dueCheckpoint == nil {
            finish(policyVersion == plan.rounds ? .completed : .stopped, &actions)
        }
    }

    private mutating func enter(_ next: RunState, _ actions: inout [RunAction]) {
        guard next != state else { return }
        actions.append(.stateChanged(from: state, to: next))
        state = next
    }

    private mutating func finish(_ outcome: RunOutcome, _ actions: inout [RunAction]) {
        enter(.finished, &actions)
        self.outcome = outcome
        actions.append(.finished(outcome))
    }
}
