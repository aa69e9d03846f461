// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.StatusReply`.
public struct AdminStatusReply: Sendable, Hashable {
    public var run: String
    public var folder: String
    public var state: String
    /// Round that is trained next, which is also the policy version in force.
    public var round: UInt32
    public var rounds: UInt32
    public var counts: AdminCounts?
    public var workers: [AdminWorker]
    /// What the run waits for, and since when, in words.
    public var waitingFor: [String]
    public var rewardSet: ControlRewardSet?
    public var samplersWanted: UInt32
    public var lastRound: ControlRoundReport?
    /// Set once the run is finished: completed, stopped or failed.
    public var outcome: String
    /// Why it failed.
    public var failure: String
    public var wallSeconds: Double
    public var algorithm: String
    public var adapterSha256: String

    /// A message; every field may be left at its default.
    public init() { self.init(run: "") }

    /// A message with the given fields.
    public init(
        run: String = "", folder: String = "", state: String = "", round: UInt32 = 0, rounds: UInt32 = 0,
        counts: AdminCounts? = nil, workers: [AdminWorker] = [], waitingFor: [String] = [],
        rewardSet: ControlRewardSet? = nil, samplersWanted: UInt32 = 0, lastRound: ControlRoundReport? = nil,
        outcome: String = "", failure: String = "", wallSeconds: Double = 0, algorithm: String = "",
        adapterSha256: String = ""
    ) {
        self.run = run
        self.folder = folder
        self.state = state
        self.round = round
        self.rounds = rounds
        self.counts = counts
        self.workers = workers
        self.waitingFor = waitingFor
        self.rewardSet = rewardSet
        self.samplersWanted = samplersWanted
        self.lastRound = lastRound
        self.outcome = outcome
        self.failure = failure
        self.wallSeconds = wallSeconds
        self.algorithm = algorithm
        self.adapterSha256 = adapterSha256
    }
}

extension AdminStatusReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__StatusReply()
        atelier__admin__status_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__StatusReply.self).pointee
        self.init()
        run = WireValue.string(c.run)
        folder = WireValue.string(c.folder)
        state = WireValue.string(c.state)
        round = c.round
        rounds = c.rounds
        counts = WireValue.message(c.counts)
        workers = WireValue.messages(c.workers, c.n_workers)
        waitingFor = WireValue.array(c.waiting_for, c.n_waiting_for) { WireValue.string($0) }
        rewardSet = WireValue.message(c.reward_set)
        samplersWanted = c.samplers_wanted
        if c.opt_last_round_case.rawValue == 11 { lastRound = WireValue.message(c.last_round) }
        outcome = WireValue.string(c.outcome)
        failure = WireValue.string(c.failure)
        wallSeconds = c.wall_seconds
        algorithm = WireValue.string(c.algorithm)
        adapterSha256 = WireValue.string(c.adapter_sha256)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__StatusReply.self)
        if !run.isEmpty { c.pointee.run = arena.string(run) }
        if !folder.isEmpty { c.pointee.folder = arena.string(folder) }
        if !state.isEmpty { c.pointee.state = arena.string(state) }
        c.pointee.round = round
        c.pointee.rounds = rounds
        if let counts { c.pointee.counts = arena.message(counts).assumingMemoryBound(to: Atelier__Admin__Counts.self) }
        c.pointee.n_workers = workers.count
        c.pointee.workers = arena.array(
            workers.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Admin__Worker.self)) })
        c.pointee.n_waiting_for = waitingFor.count
        c.pointee.waiting_for = arena.array(waitingFor.map { Optional(arena.string($0)) })
        if let rewardSet {
            c.pointee.reward_set = arena.message(rewardSet).assumingMemoryBound(to: Atelier__Control__RewardSet.self)
        }
        c.pointee.samplers_wanted = samplersWanted
        if let lastRound {
            c.pointee.opt_last_round_case = .init(rawValue: 11)
            c.pointee.last_round = arena.message(lastRound).assumingMemoryBound(to: Atelier__Control__RoundReport.self)
        }
        if !outcome.isEmpty { c.pointee.outcome = arena.string(outcome) }
        if !failure.isEmpty { c.pointee.failure = arena.string(failure) }
        c.pointee.wall_seconds = wallSeconds
        if !algorithm.isEmpty { c.pointee.algorithm = arena.string(algorithm) }
        if !adapterSha256.isEmpty { c.pointee.adapter_sha256 = arena.string(adapterSha256) }
    }
}
