import Messaging

/// What a peer says of its load.
public struct PeerLoad: Hashable, Sendable {
    /// Calls that it serves, and that wait there, but for those of this session.
    public var otherCalls: Int
    /// Calls that it can work on at once; 0 if it does not say.
    public var capacity: Int
}

// The end of a session without losing a call: GOAWAY.
extension SessionMachine {
    /// Whether no new calls are taken, here or there.
    package var isGoing: Bool { isDraining || peerIsDraining }

    /// Takes no more calls of the peer, lets those that are open end, and ends the session: at the latest after the grace.
    package mutating func drain(_ text: String, grace: Duration) {
        guard phase == .ready else { return shutDown(RPCStatus(.unavailable, text)) }
        guard !isDraining else { return }
        isDraining = true
        let milliseconds = UInt32(clamping: Int64(grace / .milliseconds(1)))
        transmit(
            FrameHeader(.goAway),
            head: encode(ZRPGoAway(text: text, lastCallID: lastPeerCall, graceMs: milliseconds)))
        actions.append(.startTimer(.drain, grace))
        endIfDrained()
    }

    /// The peer takes no more calls than it names.
    mutating func peerIsGoing(_ frames: [Frame]) {
        guard let going: ZRPGoAway = head(frames) else { return }
        peerIsDraining = true
        actions.append(.peerIsDraining)
        let text = "the peer takes no more calls: \(going.text)"
        for id in calls.keys.filter({ $0 > going.lastCallID && calls[$0]?.isOriginated == true }).sorted() {
            fail(id, RPCStatus(.unavailable, text, notProcessed: true))
        }
        endIfDrained()
    }

    /// Ends a session that takes no calls and has none.
    ///
    /// The end that was told to go ends it, because everything that was said before GOAWAY has reached it; the end that
    /// drains waits a heartbeat for that, in case the peer does not.
    mutating func endIfDrained() {
        guard isGoing, calls.isEmpty, phase == .ready else { return }
        if peerIsDraining { return shutDown(RPCStatus(.unavailable, "the session was drained")) }
        actions.append(.startTimer(.drained, heartbeat))
    }
}
