import Ledger
import RPC
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
        /// The session that it has entered on: no other speaks for it.
        var session: Session
    }

    private(set) var members: [String: Member] = [:]
    /// Sessions that workers have entered on, until they end.
    private(set) var sessions: Set<Session> = []

    /// Why a worker may not enter on a session, or nil if it may.
    func objection(to introduction: WorkerIntroduction, on session: Session) -> String? {
        if let other = member(on: session)?.introduction, other.name != introduction.name {
            return "\(introduction.name) cannot enter here: \(other.name) has entered on this session"
        }
        // A key that lets a sampler in must not let it take the learner's place.
        if let other = members[introduction.name]?.introduction, other.kind != introduction.kind {
            return "the name \(introduction.name) belongs to a \(other.kind.rawValue)"
        }
        return nil
    }

    /// Enters a worker, or replaces the one of that name.
    ///
    /// - Returns: whether the session is new here: somebody has to wait for its end.
    mutating func enter(_ introduction: WorkerIntroduction, on session: Session, at now: Double) -> Bool {
        members[introduction.name] = Member(introduction: introduction, lastHeard: now, session: session)
        return sessions.insert(session).inserted
    }

    /// Forgets a session that has ended.
    ///
    /// - Returns: the worker that had entered on it, if it is still there.
    mutating func ended(_ session: Session) -> Member? {
        sessions.remove(session)
        return member(on: session)
    }

    /// Removes a worker.
    ///
    /// - Returns: the worker, if it was there.
    mutating func leave(_ name: String) -> Member? { members.removeValue(forKey: name) }

    /// Whether a worker has entered on a session: what others say of it does not count.
    func isHere(_ name: String, on session: Session) -> Bool { members[name]?.session == session }

    private func member(on session: Session) -> Member? { members.values.first { $0.session == session } }

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
