import Synchronization

/// A connection to a peer over which calls go both ways.
///
/// It never resumes: when it is closed, it stays closed.
public final class Session: Caller {
    /// The other end.
    public let peer: PeerInfo
    /// Where the other end is, for messages.
    public let remoteAddress: String
    public let defaultTimeout: Duration
    /// Calls on a session are not made again unless they say so: when it ends, it ends.
    public let retrying = Retrying(.never)
    /// Whether the peer has said that it takes no more calls.
    let isGoing = Atomic(false)
    private let reported = Mutex(PeerLoad(otherCalls: 0, capacity: 0))
    let core: SessionCore
    let conduct: SessionConduct

    init(peer: PeerInfo, remoteAddress: String, core: SessionCore, conduct: SessionConduct) {
        self.peer = peer
        self.remoteAddress = remoteAddress
        defaultTimeout = conduct.defaultTimeout
        self.core = core
        self.conduct = conduct
    }

    /// Why the session is over; waits until it is.
    public var closed: RPCStatus {
        get async { await core.waitUntilClosed() }
    }

    /// What the peer last said of its load, with one of its signs of life.
    public var peerLoad: PeerLoad { reported.withLock(\.self) }

    func report(_ load: PeerLoad) {
        reported.withLock { $0 = load }
    }

    /// Takes no more calls of the peer, lets those that are open end, and ends the session: at the latest after the
    /// grace.
    ///
    /// Returns when it has ended.
    public func drain(_ reason: String = "it is being drained", grace: Duration) async {
        await core.drain(reason, grace: grace)
        _ = await closed
    }

    /// Whether calls can be made.
    public var isOpen: Bool {
        get async { await core.isReady }
    }

    /// Ends the session: the calls on it fail with unavailable, at both ends.
    public func close() async {
        await core.shutDown(RPCStatus(.unavailable, "the session was closed"))
    }

    public func route(
        avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> CallRoute { CallRoute(session: self) }
}

extension Session: Hashable {
    /// Identity.
    public static func == (left: Session, right: Session) -> Bool { left === right }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
