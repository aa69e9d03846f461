public import Ledger
public import Wire

/// A run as `atelier status` shows it.
public struct RunStatus: Codable, Hashable, Sendable {
    public struct Worker: Codable, Hashable, Sendable {
        public var name: String
        public var kind: WorkerKind
        public var processID: Int32
        public var address: String
        public var activity: String
        /// Seconds since it was last heard of.
        public var silence: Double
        public var policyVersion: Int
        /// Pictures that it has drawn.
        public var pictures: Int

        public init(
            name: String, kind: WorkerKind, processID: Int32, address: String, activity: String, silence: Double,
            policyVersion: Int, pictures: Int
        ) {
            self.name = name
            self.kind = kind
            self.processID = processID
            self.address = address
            self.activity = activity
            self.silence = silence
            self.policyVersion = policyVersion
            self.pictures = pictures
        }
    }

    public var run = ""
    public var algorithm = ""
    public var folder = ""
    public var state = RunState.starting
    /// The round that is trained next.
    public var round = 0
    public var rounds = 0
    public var rollouts = LedgerCounts()
    public var workers: [Worker] = []
    /// What the run waits for, in words.
    public var waitingFor: [String] = []
    public var rewards: [RewardSet.Member] = []
    public var rewardSet = 0
    public var samplersWanted = 0
    public var lastRound: RoundReport?
    /// `completed`, `stopped` or `failed`; empty while the run goes on.
    public var outcome = ""
    public var failure = ""
    public var wallSeconds = 0.0
    public var adapterSHA256 = ""

    public init() {}

    /// - Throws: `PeerError` that names the field that makes no sense.
    public init(_ wire: AdminStatusReply) throws(PeerError) {
        guard let state = RunState(rawValue: wire.state) else { throw PeerError("a run in state '\(wire.state)'") }
        run = wire.run
        algorithm = wire.algorithm
        folder = wire.folder
        self.state = state
        round = Int(wire.round)
        rounds = Int(wire.rounds)
        if let counts = wire.counts {
            rollouts.issued = Int(counts.issued)
            rollouts.trained = Int(counts.trained)
            rollouts.buffered = Int(counts.buffered)
            rollouts.inFlight = Int(counts.inFlight)
            for entry in counts.dropped { rollouts.dropped[entry.reason] = Int(entry.pictures) }
        }
        for worker in wire.workers {
            workers.append(
                Worker(
                    name: worker.name, kind: try WorkerKind(worker.kind), processID: Int32(worker.processID),
                    address: worker.address, activity: worker.activity, silence: worker.silence,
                    policyVersion: Int(worker.policyVersion), pictures: Int(worker.pictures)))
        }
        waitingFor = wire.waitingFor
        rewardSet = Int(wire.rewardSet?.version ?? 0)
        rewards = wire.rewardSet.map { RewardPanel($0).seats.map(\.member) } ?? []
        samplersWanted = Int(wire.samplersWanted)
        lastRound = wire.lastRound.map { RoundReport($0) }
        outcome = wire.outcome
        failure = wire.failure
        wallSeconds = wire.wallSeconds
        adapterSHA256 = wire.adapterSha256
    }

    public var wire: AdminStatusReply {
        AdminStatusReply(
            run: run, folder: folder, state: state.rawValue, round: UInt32(round), rounds: UInt32(rounds),
            counts: AdminCounts(
                issued: UInt64(rollouts.issued), trained: UInt64(rollouts.trained),
                buffered: UInt64(rollouts.buffered), inFlight: UInt64(rollouts.inFlight),
                dropped: rollouts.dropped.sorted { $0.key < $1.key }.map {
                    AdminDroppedCount(reason: $0.key, pictures: UInt64($0.value))
                }),
            workers: workers.map {
                AdminWorker(
                    name: $0.name, kind: $0.kind.wire, processID: UInt32($0.processID), address: $0.address,
                    activity: $0.activity, silence: $0.silence, policyVersion: UInt32($0.policyVersion),
                    pictures: UInt64($0.pictures))
            },
            waitingFor: waitingFor,
            rewardSet: RewardPanel(version: rewardSet, seats: rewards.map { .init(member: $0, addresses: []) }).wire,
            samplersWanted: UInt32(samplersWanted), lastRound: lastRound?.wire, outcome: outcome, failure: failure,
            wallSeconds: wallSeconds, algorithm: algorithm, adapterSha256: adapterSHA256)
    }
}
