/// What goes on on a session, for those who look for the reason why something does not go on.
public struct SessionSnapshot: Sendable {
    /// A call that is open.
    public struct Call: Sendable {
        public let id: UInt64
        public let method: String
        /// Whether this end made it.
        public let isOriginated: Bool
        /// Messages that have come and have not been read.
        public let unread: Int
        /// Messages that wait for credit.
        public let queued: Int
        /// Bytes that may still be sent on it.
        public let sendCredit: Int
    }

    /// The other end.
    public internal(set) var peer = PeerInfo(name: "", role: "", bootID: 0, serves: [])
    public internal(set) var remoteAddress = ""
    /// Whether no new calls are taken, here or there.
    public let isDraining: Bool
    /// Bytes that may still be sent.
    public let sendCredit: Int
    /// Bytes that have come and whose credit has not been returned.
    public let unreturnedBytes: Int
    /// Bytes of messages that have come, or are coming, and that nobody has read, and of answers that wait.
    public let reservedBytes: Int
    /// Calls that wait for the session's credit.
    public let waitingCalls: Int
    /// Calls of both ends since the session began.
    public let callsStarted: Int
    /// The calls that are open, by number.
    public let calls: [Call]
}

extension SessionMachine {
    var snapshot: SessionSnapshot {
        let originated = (nextCall - (role == .dialer ? 1 : 2)) / 2
        return SessionSnapshot(
            isDraining: isGoing, sendCredit: sendWindow.available, unreturnedBytes: receiveWindow.outstanding,
            reservedBytes: reservedBytes, waitingCalls: sessionQueue.count,
            callsStarted: Int(originated) + peerCallCount,
            calls: calls.sorted { $0.key < $1.key }.map { id, call in
                SessionSnapshot.Call(
                    id: id, method: call.method, isOriginated: call.isOriginated, unread: call.unread,
                    queued: call.outbox.count, sendCredit: call.sendWindow.available)
            })
    }
}
