import Ledger
import ServiceAPI

/// Who is there: a value that is told of every sign of life and asked who has been silent for too long.
struct FleetRegistry {
    struct Member {
        var introduction: WorkerIntroduction
        var lastHeard: Double
        var activity = ""
        /// The adapter version it has acknowledged.
        var policyVersion = 0
        var pictures = 0
        /// Rises with every registration, so that the end of an old session does not remove a worker that is back.
        var epoch: UInt64
    }

    private(set) var members: [String: Member] = [:]
    private var lastEpoch: UInt64 = 0

    /// Enters a worker, or replaces the one of that name.
    ///
    /// - Returns: the registration's number.
    mutating func enter(_ introduction: WorkerIntroduction, at now: Double) -> UInt64 {
        lastEpoch += 1
        members[introduction.name] = Member(introduction: introduction, lastHeard: now, epoch: lastEpoch)
        return lastEpoch
    }

    /// Removes a worker; with a number, only if it has not registered again since.
    ///
    /// - Returns: the worker, if it was removed.
    mutating func leave(_ name: String, epoch: UInt64? = nil) -> Member? {
        guard let member = members[name], epoch == nil || member.epoch == epoch else { return nil }
        members[name] = nil
        return member
    }

    /// Notes a sign of life.
    ///
    /// - Returns: whether the worker is known.
    @discardableResult
    mutating func hear(_ name: String, at now: Double, _ change: (inout Member) -> Void = { _ in }) -> Bool {
        guard var member = members[name] else { return false }
        member.lastHeard = now
        change(&member)
        members[name] = member
        return true
    }

    /// The workers that have been silent since before a time, by name.
    func silent(since time: Double) -> [String] {
        members.values.filter { $0.lastHeard < time }.map(\.introduction.name).sorted()
    }

    /// The workers of a kind, by name.
    func workers(_ kind: WorkerKind) -> [Member] {
        members.values.filter { $0.introduction.kind == kind }.sorted { $0.introduction.name < $1.introduction.name }
    }

    /// Where the learner's data socket is.
    var learnerAddress: String? {
        members.values.lazy.map(\.introduction).filter { $0.kind == .learner }.min { $0.name < $1.name }?.address
    }

    /// Where services of a reward answer.
    func addresses(ofReward spec: String) -> [String] {
        workers(.reward).filter { $0.introduction.rewardSpec == spec }.map(\.introduction.address)
    }

    /// A reward set with the addresses of its services.
    func panel(_ set: RewardSet) -> RewardPanel {
        RewardPanel(
            version: set.version,
            seats: set.members.map { .init(member: $0, addresses: addresses(ofReward: $0.spec)) })
    }
}
