/// The books of a run's units: a value whose every change is a method call, with no clock, socket or task inside.
public struct UnitLedger: Hashable, Sendable {
    /// One line of the books.
    public struct Record: Codable, Hashable, Sendable {
        public let id: UnitID
        public internal(set) var stage: UnitStage
        /// The tokens of all leases given for the unit, rising.
        public internal(set) var tokens: [FencingToken]
    }

    /// What is known of a round without a look at each of its units, of which there may be many.
    private struct Overview: Hashable {
        /// Units that are neither scored, trained nor dropped.
        var open: Int
        /// No unit of the round before this one is planned.
        var firstPlanned: Int
    }

    public let plan: RunPlan
    public private(set) var leases = LeaseTable()
    private var records: [Record] = []
    private var overviews: [Overview] = []

    public init(plan: RunPlan) {
        self.plan = plan
    }

    /// How many rounds are planned: rounds are planned in order, so this is also the next one.
    public private(set) var plannedRounds = 0

    public subscript(unit: UnitID) -> Record? {
        unit.rawValue < UInt64(records.count) ? records[Int(unit.rawValue)] : nil
    }

    /// The lines of one planned round, in unit order.
    public func round(_ round: Int) -> ArraySlice<Record> {
        guard (0..<plannedRounds).contains(round) else { return [] }
        let first = plan.layout.start(ofRound: round)
        return records[first..<first + plan.unitCount(ofRound: round)]
    }

    private mutating func move(_ unit: UnitID, to stage: UnitStage) {
        let (index, round) = (Int(unit.rawValue), plan.round(of: unit))
        overviews[round].open += (stage.isOpen ? 1 : 0) - (records[index].stage.isOpen ? 1 : 0)
        if stage == .planned { overviews[round].firstPlanned = min(overviews[round].firstPlanned, index) }
        records[index].stage = stage
    }

    /// Enters the units of the next round as planned.
    public mutating func planNextRound() {
        overviews.append(Overview(open: plan.unitCount(ofRound: plannedRounds), firstPlanned: records.count))
        for unit in plan.units(ofRound: plannedRounds) {
            records.append(Record(id: unit, stage: .planned, tokens: []))
        }
        plannedRounds += 1
    }

    /// The first planned unit of the lowest round that the gate lets a policy version draw.
    public func nextUnit(policyVersion: Int) -> UnitID? {
        let last = min(plan.staleness.lastRound(policyVersion: policyVersion), plannedRounds - 1)
        guard policyVersion <= last else { return nil }
        for round in policyVersion...last {
            for record in self.round(round)[overviews[round].firstPlanned...] where record.stage == .planned {
                // A validation says something of one policy only.
                if round == policyVersion || plan.validationPlace(of: record.id) == nil { return record.id }
            }
        }
        return nil
    }

    /// Leases a planned unit.
    ///
    /// - Precondition: the unit is planned and the gate lets the version draw its round.
    @discardableResult
    public mutating func lease(_ unit: UnitID, to worker: String, policyVersion: Int, at now: Double) -> Lease {
        precondition(self[unit]?.stage == .planned, "\(unit) is not planned")
        precondition(
            plan.staleness.mayLease(round: plan.round(of: unit), policyVersion: policyVersion),
            "version \(policyVersion) may not draw round \(plan.round(of: unit))")
        let lease = Lease(
            unit: unit, token: leases.nextToken, worker: worker, policyVersion: policyVersion,
            deadline: now + plan.leaseSeconds)
        leases.open(lease)
        move(unit, to: .leased(lease))
        records[Int(unit.rawValue)].tokens.append(lease.token)
        let (index, round) = (Int(unit.rawValue), plan.round(of: unit))
        if overviews[round].firstPlanned == index { overviews[round].firstPlanned += 1 }
        return lease
    }

    /// Takes the result of a lease, or says why not.
    ///
    /// A result whose lease was given up is taken as long as no other result of the unit has been: the noise is a
    /// function of the unit, so it is the same picture.
    public mutating func settle(_ unit: UnitID, _ result: SampledUnit) -> SettleOutcome {
        guard let record = self[unit], record.tokens.contains(result.token) else { return .unknown }
        switch record.stage {
        case .sampled, .scored, .trained, .dropped:
            return .duplicate
        case .planned, .leased:
            break
        }
        let round = plan.round(of: unit)
        guard plan.staleness.mayTrain(round: round, policyVersion: result.policyVersion) else {
            giveUp(unit, token: result.token)
            return .refused
        }
        leases.close(unit)
        move(unit, to: .sampled(result))
        return .accepted
    }

    /// Ends a lease without a result: the unit is planned again, or dropped as lost after the last attempt.
    ///
    /// A token that is not the running lease's changes nothing.
    ///
    /// - Returns: whether a lease was ended.
    @discardableResult
    public mutating func giveUp(_ unit: UnitID, token: FencingToken) -> Bool {
        guard let lease = leases[unit], lease.token == token else { return false }
        leases.close(unit)
        let attempts = records[Int(unit.rawValue)].tokens.count
        move(unit, to: attempts >= plan.maximumAttempts ? .dropped(.lost) : .planned)
        return true
    }

    /// Enters that a sampled unit has its scores.
    ///
    /// Anything else changes nothing.
    ///
    /// - Returns: whether the unit was waiting for its scores.
    @discardableResult
    public mutating func score(_ unit: UnitID) -> Bool {
        guard case .sampled(let result) = self[unit]?.stage else { return false }
        move(unit, to: .scored(result))
        return true
    }

    /// Gives up a unit that was sampled or scored and not trained on.
    ///
    /// Anything else changes nothing.
    ///
    /// - Returns: whether the unit was dropped now.
    @discardableResult
    public mutating func drop(_ unit: UnitID, _ reason: DropReason) -> Bool {
        switch self[unit]?.stage {
        case .sampled, .scored:
            move(unit, to: .dropped(reason))
            return true
        default:
            return false
        }
    }

    /// The scored units of a round in unit order, once every unit of the round is scored or dropped.
    public func batch(ofRound round: Int) -> [UnitID]? {
        guard (0..<plannedRounds).contains(round), overviews[round].open == 0 else { return nil }
        var batch: [UnitID] = []
        for record in self.round(round) {
            switch record.stage {
            case .scored: batch.append(record.id)
            case .dropped: continue
            default: return nil
            }
        }
        return batch
    }

    /// The scored units of a round that are too old to be trained on.
    public func stale(inRound round: Int) -> [UnitID] {
        self.round(round).compactMap { record in
            guard case .scored(let result) = record.stage else { return nil }
            return plan.staleness.mayTrain(round: round, policyVersion: result.policyVersion) ? nil : record.id
        }
    }

    /// Enters that an update has learned from every scored unit of a round.
    public mutating func train(round: Int) {
        for record in self.round(round) {
            guard case .scored(let result) = record.stage else { continue }
            move(record.id, to: .trained(result))
        }
    }

    /// Undoes everything from a round on, because the learner goes on from a checkpoint that knows nothing of it.
    ///
    /// What was issued stays issued: those units wait to be leased again.
    public mutating func rewind(toRound round: Int) {
        for index in records.indices where plan.round(of: records[index].id) >= round {
            leases.close(records[index].id)
            move(records[index].id, to: .planned)
            records[index].tokens = records[index].tokens.suffix(1)
        }
    }

    /// Whether a unit waits for its scores.
    public var hasUnscored: Bool {
        records.contains { record in
            if case .sampled = record.stage { true } else { false }
        }
    }

    /// The books in five numbers, counted in pictures; those that validate are not in them, as nothing learns from them.
    public var counts: LedgerCounts {
        var counts = LedgerCounts()
        for record in records where !record.tokens.isEmpty && plan.validationPlace(of: record.id) == nil {
            counts.issued += plan.samplesPerUnit
            switch record.stage {
            case .planned, .leased: counts.inFlight += plan.samplesPerUnit
            case .sampled, .scored: counts.buffered += plan.samplesPerUnit
            case .trained: counts.trained += plan.samplesPerUnit
            case .dropped(let reason): counts.dropped[reason.rawValue, default: 0] += plan.samplesPerUnit
            }
        }
        return counts
    }
}
