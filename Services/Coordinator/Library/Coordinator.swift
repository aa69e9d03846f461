import Foundation
import Ledger
import Logging
import Messaging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime

/// Keeps the books of one run and tells the workers what to do.
///
/// The decisions are `RunBooks`'; this actor feeds it events in one order, and answers the calls of the sockets once what
/// they led to is on disk. It lives on the thread of the sockets, so that a call changes no thread on its way.
actor Coordinator {
    let configuration: RunConfiguration
    let folder: URL
    let log: Logger
    let shutdown: Shutdown
    let changes = ChangeSignal()
    private let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let store: LedgerStore
    private lazy var journal = LedgerJournal(store, on: reactor) { [weak self] failure in
        self?.assumeIsolated { $0.written(failure) }
    }
    private let schedule: PromptSchedule
    /// Asked here and not handed out: a copy in somebody else's hands would make the next event copy every line.
    private(set) var books: RunBooks
    private(set) var fleet = FleetRegistry()
    private(set) var notices = NoticeBoard()
    /// What the learner says it waits for, and since when.
    private(set) var block: (reason: String, since: Double)?
    /// Seconds that earlier processes spent on this run, and when this one began.
    private let earlierSeconds: Double
    private let started: Double
    /// Set when the books cannot be written: nothing may happen that they do not know.
    private(set) var failure: ServiceError?
    private var hasSummary = false

    /// Opens the run's books, or begins them.
    ///
    /// - Throws: `ServiceError` if the ledger cannot be read or written.
    init(
        _ configuration: RunConfiguration, folder: URL, on reactor: Reactor, shutdown: Shutdown, log: Logger
    ) throws(ServiceError) {
        self.configuration = configuration
        self.reactor = reactor
        self.folder = folder
        self.shutdown = shutdown
        self.log = log
        schedule = PromptSchedule(configuration)
        store = try LedgerStore(folder.appending(path: "ledger.sqlite"))
        started = Self.now
        let history = try store.history()
        if let plan = try store.plan() {
            books = RunBooks(plan: plan)
        } else {
            books = RunBooks(plan: configuration.plan)
            try store.begin(books.plan)
        }
        var spent = 0.0
        var opened: Double?
        for (index, entry) in history.enumerated() {
            _ = books.apply(entry.event, at: entry.time)
            if entry.event == .opened { opened = entry.time }
            let ends = index + 1 == history.count || history[index + 1].event == .opened
            if ends, let begun = opened { spent += entry.time - begun }
        }
        earlierSeconds = spent
    }

    /// The time when the process began, by the clock on the wall, which somebody may set while leases run, and by one that nobody can.
    private static let origin = (wall: Date().timeIntervalSince1970, clock: ContinuousClock.now)

    static var now: Double { origin.wall + (ContinuousClock.now - origin.clock) / .seconds(1) }

    /// Enters what this process begins with.
    ///
    /// - Throws: `ServiceError` if the ledger cannot be written.
    func open() async throws {
        let isNew = books.rewardSets.newest == nil
        try record(.opened)
        if isNew {
            try record(.rewardSetInstalled(configuration.firstRewardSet))
        }
        if books.samplers == nil { try record(.scaled(samplers: configuration.fleet.samplers)) }
        note(.state, isNew ? "run '\(configuration.run)' begins" : "run '\(configuration.run)' goes on")
        try await written()
    }

    // MARK: Events

    /// Enters an event and does what follows; it is on disk when ``written()`` returns.
    ///
    /// - Throws: `ServiceError` if the ledger could not be written before: the run ends then.
    @discardableResult
    func record(_ event: RunEvent) throws(ServiceError) -> [RunAction] {
        if let failure { throw failure }
        let now = Self.now
        journal.append(LedgerStore.Entry(time: now, event: event))
        let actions = books.apply(event, at: now)
        for action in actions {
            report(action)
        }
        if Self.concernsOthers(event, actions) { changes.change() }
        return actions
    }

    /// Returns once everything in the books is on disk: nobody may be told of what could still be lost.
    ///
    /// - Throws: `ServiceError` if it cannot be written.
    func written() async throws(ServiceError) {
        try await withCheckedContinuation { journal.whenWritten($0) }.get()
    }

    /// The journal has written events, or could not.
    private func written(_ failure: ServiceError?) {
        guard let failure else { return finishIfOver() }
        self.failure = failure
        shutdown.request(failure.description)
        changes.change()
    }

    /// Whether somebody who waits for a change may find what it waits for.
    ///
    /// Units on their usual way say that by their actions; waking everybody for each of them would cost more than the unit.
    private static func concernsOthers(_ event: RunEvent, _ actions: [RunAction]) -> Bool {
        switch event {
        case .leased, .scored: !actions.isEmpty
        case .settled(let unit, _): actions != [.settled(unit: unit, .accepted)]
        default: true
        }
    }

    var state: RunState { books.state }
    var outcome: RunOutcome? { books.outcome }
    var hasLearner: Bool { !fleet.workers(.learner).isEmpty }
    var learnerInstruction: LearnerInstruction { books.learnerInstruction }

    func note(_ kind: RunNotice.Kind, _ message: String, report: RoundReport? = nil) {
        log.info("\(message)")
        notices.post(kind, message, at: Self.now, report: report)
        changes.change()
    }

    private func report(_ action: RunAction) {
        switch action {
        case .stateChanged(let from, let to): note(.state, "\(from.rawValue) → \(to.rawValue)")
        case .requeued(let unit): note(.lease, "\(unit) is leased again")
        case .dropped(let unit, let reason): note(.warning, "\(unit) is dropped: \(reason.rawValue)")
        case .rewardSetCurrent(let version): note(.reward, "reward set \(version) scores every round begun from now on")
        case .rewardSetRetired(let version): note(.reward, "reward set \(version) is retired")
        case .settled(let unit, let outcome) where outcome != .accepted:
            note(.lease, "a result of \(unit) is not taken: \(outcome.rawValue)")
        case .finished(.failed(let reason)): note(.finished, "the run has failed: \(reason)")
        case .finished(let outcome): note(.finished, "the run is \(outcome)")
        case .settled, .planned, .batchReady, .checkpointDue: break
        }
    }

    var wallSeconds: Double { earlierSeconds + Self.now - started }

    private func finishIfOver() {
        guard books.state == .finished, !hasSummary else { return }
        hasSummary = true
        do {
            try summary.write(to: folder)
        } catch {
            failure = failure ?? error
            log.error("\(error.description)")
        }
    }

    // MARK: Time

    /// Gives up what has taken too long.
    func tick() throws {
        let now = Self.now
        for lease in books.units.leases.expired(at: now) {
            note(.lease, "\(lease.worker) has not returned \(lease.unit) in time")
            try record(.gaveUp(unit: lease.unit, token: lease.token, reason: .expired))
        }
        for name in fleet.silent(since: now - configuration.leases.silenceSeconds) {
            try leave(name, "has been silent for \(Int(configuration.leases.silenceSeconds)) s")
        }
    }

    // MARK: The fleet

    /// A worker has come, on a session whose end is its own: its leases need not run out first.
    ///
    /// - Throws: `RPCStatus` permissionDenied if session or name are another worker's.
    func enter(_ introduction: WorkerIntroduction, on session: Session) throws {
        if let objection = fleet.objection(to: introduction, on: session) {
            throw RPCStatus(.permissionDenied, objection)
        }
        let name = introduction.name
        if fleet.members[name] != nil { try leave(name, "is replaced by a new process of that name") }
        if fleet.enter(introduction, on: session, at: Self.now) {
            Task {
                _ = await session.closed
                if let member = fleet.ended(session) { try leave(member.introduction.name, "has gone") }
            }
        }
        let what = introduction.rewardSpec.isEmpty ? "" : " (\(introduction.rewardSpec))"
        note(.worker, "\(name)\(what) has come, process \(introduction.processID)")
        try checkRewards()
    }

    /// A worker has gone: its leases are given to others.
    func leave(_ name: String, _ how: String) throws {
        guard let member = fleet.leave(name) else { return }
        note(books.state == .finished ? .worker : .warning, "\(name) \(how)")
        if member.introduction.kind == .learner { block = nil }
        for lease in books.units.leases.held(by: name) {
            try record(.gaveUp(unit: lease.unit, token: lease.token, reason: .workerLeft))
        }
    }

    /// A worker's sign of life.
    func hear(_ name: String, activity: String) {
        fleet.hear(name, at: Self.now) { $0.activity = activity }
    }

    /// Makes the newest reward set current once all its services are there.
    private func checkRewards() throws {
        guard let pending = books.rewardSets.pending else { return }
        if pending.members.allSatisfy({ !fleet.addresses(ofReward: $0.spec).isEmpty }) {
            try record(.rewardSetReady(version: pending.version))
        }
    }

    /// The processes that should run now.
    var wantedProcesses: (samplers: Int, rewards: [String], stop: Bool) {
        let assignments = books.rewardSets.live.values.flatMap { set in
            set.members.map { RewardAssignment(name: $0.name, spec: $0.spec) }
        }
        let specs = Set(assignments.filter { !$0.isExternal }.map(\.spec))
        return (books.samplers ?? configuration.fleet.samplers, specs.sorted(), books.state == .finished)
    }

    // MARK: Samplers

    /// Leases the next unit, if there is one now.
    func lease(to worker: String) throws -> LeaseAnswer {
        // Whoever has left would not return it.
        guard fleet.hear(worker, at: Self.now) else { return .wait("\(worker) is not in the fleet") }
        switch books.leaseOffer {
        case .stop: return .stop
        case .wait(let reason): return .wait(reason)
        case .lease(let unit, let version):
            guard let address = fleet.learnerAddress else { return .wait("waiting for the learner") }
            // One unit at a time: whoever asks for another has lost the last one.
            for lost in books.units.leases.held(by: worker) {
                try record(.gaveUp(unit: lost.unit, token: lost.token, reason: .workerFailed))
            }
            guard books.leaseOffer == .lease(unit: unit, policyVersion: version) else { return .wait("ask again") }
            try record(.leased(unit: unit, worker: worker, policyVersion: version))
            guard let lease = books.units.leases[unit], let policy = books.policies[version] else {
                return .wait("ask again")
            }
            return .draw(order(lease, policy, learner: address))
        }
    }

    /// Leases the next unit to a sampler that has just brought one, if that is simple: it saves the sampler a call.
    func nextLease(of worker: String) throws -> DrawingOrder? {
        // One that holds a lease is another process of the name.
        guard books.units.leases.held(by: worker).isEmpty, case .draw(let order) = try lease(to: worker) else {
            return nil
        }
        return order
    }

    /// What a lease asks for.
    private func order(_ lease: Lease, _ policy: PublishedPolicy, learner: String) -> DrawingOrder {
        let sampling = configuration.sampling
        let place = books.plan.validationPlace(of: lease.unit)
        let prompts =
            place.map { configuration.validationPrompts(ofUnit: $0) }
            ?? schedule.prompts(ofUnit: UInt64(books.plan.trainingPlace(of: lease.unit)))
        return DrawingOrder(
            unit: lease.unit, token: lease.token, policy: policy, remainingSeconds: lease.deadline - Self.now,
            runSeed: configuration.seed, noiseUnit: place.map(DrawingOrder.validationNoise) ?? lease.unit.rawValue,
            prompts: prompts, steps: sampling.steps, guidance: sampling.guidance, eta: sampling.eta,
            exploration: place == nil
                ? configuration.exploration(ofRound: books.plan.round(of: lease.unit)) : nil,
            isWholeTrajectory: place == nil && configuration.algorithm.demands.payload == .trajectory,
            learnerAddress: learner)
    }

    func giveUp(_ unit: UnitID, _ token: FencingToken, worker: String, reason: String) throws {
        note(.lease, "\(worker) gives \(unit) back: \(reason)")
        try record(.gaveUp(unit: unit, token: token, reason: .workerFailed))
    }

    /// Whether a sampler has bound what the learner published.
    func acknowledge(_ policy: PublishedPolicy, by worker: String) -> Bool {
        guard books.policies[policy.version] == policy else {
            note(.warning, "\(worker) has bound another adapter than version \(policy.version) as published")
            return false
        }
        fleet.hear(worker, at: Self.now) { $0.policyVersion = policy.version }
        return true
    }

    // MARK: The learner

    func publish(_ policy: PublishedPolicy) throws {
        // A learner that begins with a version goes on from its checkpoint; what the books know beyond is undone.
        if books.policyVersion != nil || books.units.plannedRounds > 0 || policy.version > 0 {
            try record(.rewound(toRound: policy.version))
        }
        try record(.policyPublished(policy))
        note(.state, "policy version \(policy.version) is published, \(policy.modules) modules")
    }

    func settle(_ unit: UnitID, _ result: SampledUnit) throws -> SettleOutcome {
        for case .settled(_, let outcome) in try record(.settled(unit: unit, result)) {
            if outcome == .accepted {
                fleet.hear(result.worker, at: Self.now) { $0.pictures += books.plan.samplesPerUnit }
            }
            return outcome
        }
        return .unknown
    }

    func panel(ofUnit unit: UnitID) -> RewardPanel? {
        books.rewardSets.set(ofRound: books.plan.round(of: unit)).map { fleet.panel($0) }
    }

    func scored(_ unit: UnitID, invalid: String) throws {
        if invalid.isEmpty {
            try record(.scored(unit: unit))
        } else {
            note(.warning, "\(unit) has no valid score: \(invalid)")
            try record(.scoredInvalid(unit: unit, reason: invalid))
        }
    }

    func trained(_ policy: PublishedPolicy, _ report: RoundReport) throws {
        try record(.trained(policy, report))
        if report.round < books.plan.rounds {
            notices.post(.round, "round \(report.round) is trained", at: Self.now, report: report)
        }
        for warning in report.warnings { note(.warning, "round \(report.round): \(warning)") }
        if let validation = report.validation { note(.state, validation.line) }
        changes.change()
    }

    func checkpointed(_ round: Int) throws {
        // Noted first: what follows may be the last notice of the run.
        note(.checkpoint, "checkpoint \(RunSummary.folder(ofRound: round)) is written")
        try record(.checkpointed(round: round))
    }

    func blocked(_ reason: String) {
        guard reason != block?.reason ?? "" else { return }
        if reason.isEmpty {
            block = nil
            note(.state, "the learner goes on")
        } else {
            block = (reason, Self.now)
            note(.warning, reason)
        }
    }

    // MARK: Commands

    /// Installs a reward set with another spec under a name.
    ///
    /// - Throws: `ServiceError` with exit code `refused` if there is no such reward or no such spec.
    func swap(_ name: String, by spec: String) throws -> String {
        guard let newest = books.rewardSets.newest, let next = newest.replacing(name, by: spec) else {
            let names = books.rewardSets.newest?.members.map(\.name).joined(separator: ", ") ?? ""
            throw ServiceError("there is no reward '\(name)' in this run; there are: \(names)", exitCode: .refused)
        }
        do {
            try RewardAssignment(name: name, spec: spec).validate(path: name)
        } catch {
            throw ServiceError(error.description, exitCode: .refused)
        }
        guard books.state != .finished else { throw ServiceError("the run is finished", exitCode: .refused) }
        try record(.rewardSetInstalled(next))
        try checkRewards()
        return "reward set \(next.version) scores the rounds that begin once '\(spec)' answers"
    }
}
