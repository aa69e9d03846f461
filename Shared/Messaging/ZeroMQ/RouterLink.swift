/// A connection that a peer dialled, seen through the listener's ROUTER.
///
/// Touched on its reactor only, which is why it may be `Sendable`.
final class RouterLink: Link, @unchecked Sendable {
    /// The routing id that libzmq gave the connection.
    let identity: SmallBytes
    /// The connection's file descriptor, by which the monitor names it.
    let descriptor: Int32
    let peer: PeerIdentity?
    /// Where the peer dials from, as the ZAP handler is told.
    let peerAddress: String
    /// Messages that came over it.
    private(set) var delivered: UInt64 = 0
    private weak var listener: RouterListener?
    private let reactor: Reactor
    private let listenerAddress: String
    private var receiver: (any LinkReceiver)?
    private var pending = Backlog()

    var remoteAddress: String {
        guard let peer else { return "a peer of \(listenerAddress)" }
        return "\(peer.name) (\(peer.role)) at \(listenerAddress)"
    }

    init(
        _ origin: ZeroMQSocket.Origin, identity: SmallBytes, peer: PeerIdentity?, listener: RouterListener,
        reactor: Reactor
    ) {
        self.identity = identity
        self.peer = peer
        descriptor = origin.descriptor
        peerAddress = origin.address
        self.listener = listener
        self.reactor = reactor
        listenerAddress = listener.address
    }

    func start(_ receiver: any LinkReceiver) {
        reactor.preconditionOnReactor()
        self.receiver = receiver
    }

    func send(_ frames: [Frame]) {
        reactor.preconditionOnReactor()
        guard let listener else { return }
        guard pending.isEmpty else { return keep(frames) }
        handle(listener.send(frames, to: self), of: frames)
    }

    var hasTakenAll: Bool { pending.isEmpty }

    func close() {
        reactor.preconditionOnReactor()
        listener?.dismiss(self)
        forget()
    }

    func expel() {
        reactor.preconditionOnReactor()
        listener?.ban(self)
        close()
    }

    /// Without telling the receiver.
    func forget() {
        receiver = nil
        listener = nil
        pending.removeAll()
    }

    /// Sends what the socket did not take before.
    func retry() {
        guard !pending.isEmpty else { return }
        while let listener, let frames = pending.first {
            let result = listener.send(frames, to: self)
            if case .full = result { return }
            if !pending.isEmpty { pending.removeFirst() }
            handle(result, of: frames)
        }
        receiver?.linkHasTakenAll()
    }

    private func handle(_ result: ZeroMQSocket.SendResult, of frames: [Frame]) {
        switch result {
        case .sent: break
        case .full: keep(frames)
        case .gone:
            // At once: the descriptor may be another connection's by now, and must not be cut as this one's.
            listener?.remove(self)
            endLater("the peer closed the connection")
        }
    }

    private func keep(_ frames: [Frame]) {
        guard !pending.append(frames) else { return }
        pending.removeAll()
        endLater("the peer does not read what it is sent")
    }

    /// Not from within `send`: the session is in the middle of something.
    private func endLater(_ reason: String) {
        reactor.submit {
            self.listener?.dismiss(self)
            self.end(reason)
        }
    }

    func receive(_ frames: [Frame]) {
        delivered += 1
        receiver?.linkReceived(frames)
    }

    func end(_ reason: String) {
        let receiver = receiver
        forget()
        receiver?.linkEnded(reason)
    }
}
