/// A connection to a peer over which calls go both ways.
///
/// It never resumes: when it is closed, it stays closed.
public final class Session: Caller {
    /// The other end.
    public let peer: PeerInfo
    /// Where the other end is, for messages.
    public let remoteAddress: String
    public let defaultTimeout: Duration
    let core: SessionCore

    init(peer: PeerInfo, remoteAddress: String, defaultTimeout: Duration, core: SessionCore) {
        self.peer = peer
        self.remoteAddress = remoteAddress
        self.defaultTimeout = defaultTimeout
        self.core = core
    }

    /// Why the session is over; waits until it is.
    public var closed: RPCStatus {
        get async { await core.waitUntilClosed() }
    }

    /// Whether calls can be made.
    public var isOpen: Bool {
        get async { await core.isReady }
    }

    /// Ends the session: the calls on it fail with unavailable, at both ends.
    public func close() async {
        await core.shutDown(RPCStatus(.unavailable, "the session was closed"))
    }

    public func session(
        waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> Session { self }
}

extension Session: Hashable {
    /// Identity.
    public static func == (left: Session, right: Session) -> Bool { left === right }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
