internal import CZeroMQ

#if canImport(Glibc)
    internal import Glibc
#endif

/// A connection that this side dialled: one DEALER, one connection, no reconnection.
///
/// Touched on its reactor only, which is why it may be `Sendable`.
final class DealerLink: Link, ConnectionWatch.Watched, @unchecked Sendable {
    /// Messages taken from the socket in one turn of the reactor; others are to have their turn too.
    static let messagesPerTurn = 256

    let remoteAddress: String
    /// Who listens at the address, as far as its key says.
    let peer: PeerIdentity?
    /// What looks after the peer's key, if there is a list.
    private let authenticator: Authenticator?
    private var watch: UInt64?
    private let reactor: Reactor
    private let socket: ZeroMQSocket
    private let monitor: SocketMonitor
    private var sources: [Reactor.Source] = []
    private var receiver: (any LinkReceiver)?
    private var connection: CheckedContinuation<Result<any Link, MessagingError>, Never>?
    private var timer: ReactorTimer?
    private var pending = Backlog()
    private var connections = ConnectionGuard()
    private var delivered: UInt64 = 0
    /// An empty list, whose memory the next message uses.
    private var usedFrames: [Frame] = []
    private var isClosed = false
    /// Why the connection ended; a link that ends before it was started tells so when it is.
    private var endReason: String?

    /// Begins to connect; the continuation is resumed once.
    init(
        address: String, reactor: Reactor, timeout: Duration, security: TransportSecurity?,
        connection: CheckedContinuation<Result<any Link, MessagingError>, Never>
    ) throws(MessagingError) {
        let (endpoint, key) = try Self.target(address, security)
        remoteAddress = address
        let authenticator = key == nil ? nil : security?.authenticator
        self.authenticator = authenticator
        peer = try key.map { (key) throws(MessagingError) in try Self.listener(with: key, authenticator, address) }
        self.reactor = reactor
        socket = try ZeroMQSocket(ZMQ_DEALER)
        do throws(MessagingError) {
            if let key, let security { try socket.proveKeys(security.keys, to: key) }
            monitor = try SocketMonitor(of: socket)
        } catch {
            socket.close(linger: 0)
            throw error
        }
        socket.prepare(for: endpoint)
        guard zmq_connect(socket.handle, endpoint) == 0 else {
            let text = zeroMQErrorText()
            socket.close(linger: 0)
            monitor.socket.close(linger: 0)
            throw MessagingError(.invalidAddress, "\(address): \(text)")
        }
        self.connection = connection
        add(Reactor.Source(socket: monitor.socket) { self.drainMonitor() })
        reactor.connectionWatch.add(self, on: reactor)
        watch = authenticator?.watch { [weak self] in
            guard let self else { return }
            reactor.submit { self.listHasChanged() }
        }
        timer = reactor.schedule(after: timeout) { [weak self] in
            self?.fail("nobody answered within \(timeout)")
        }
        // It may have changed before it was watched.
        listHasChanged()
    }

    /// The sources keep this object alive until `close`.
    private func add(_ source: Reactor.Source) {
        sources.append(source)
        reactor.add(source)
    }

    func start(_ receiver: any LinkReceiver) {
        reactor.preconditionOnReactor()
        if let endReason { return receiver.linkEnded(endReason) }
        self.receiver = receiver
        drainMonitor()
        if !isClosed { add(Reactor.Source(socket: socket) { self.socketIsReady() }) }
    }

    func send(_ frames: [Frame]) {
        reactor.preconditionOnReactor()
        guard !isClosed else { return }
        guard pending.isEmpty else { return keep(frames) }
        if case .full = socket.send(frames) { keep(frames) }
    }

    var hasTakenAll: Bool { pending.isEmpty }

    private func keep(_ frames: [Frame]) {
        guard !pending.append(frames) else { return }
        pending.removeAll()
        // Not from within `send`: the session is in the middle of something.
        reactor.submit { self.end("the peer does not read what it is sent") }
    }

    func close() {
        reactor.preconditionOnReactor()
        shut()
    }

    private func shut() {
        guard !isClosed else { return }
        isClosed = true
        receiver = nil
        for source in sources { reactor.remove(source) }
        sources = []
        reactor.connectionWatch.remove(self, on: reactor)
        if let watch { authenticator?.unwatch(watch) }
        if let timer { reactor.cancel(timer) }
        zmq_socket_monitor(socket.handle, nil, 0)
        monitor.socket.close(linger: 0)
        // Never without: if the connection breaks while libzmq drops a message that is half written, it aborts the process
        // (libzmq issue 3442).
        socket.close(linger: 2000)
    }

    private func drainMonitor() {
        while !isClosed, let event = monitor.next() {
            switch event {
            case .ready:
                if let connection {
                    self.connection = nil
                    if let timer { reactor.cancel(timer) }
                    connection.resume(returning: .success(self))
                }
            case .connected(let descriptor): connections.opened(descriptor, at: .now)
            case .disconnected(let descriptor):
                connections.closed(descriptor)
                // What the peer sent before it went is still in the socket.
                receive(limit: .max)
                end("the connection to \(remoteAddress) was closed")
            case .accepted, .stopped: break
            case .closed: fail("nobody listens here")
            case .failed(let failure): handshakeFailed(failure)
            }
        }
    }

    /// The connection was never there.
    private func fail(_ reason: String, code: MessagingError.Code = .unreachable) {
        guard let connection else { return }
        self.connection = nil
        shut()
        connection.resume(returning: .failure(MessagingError(code, "\(remoteAddress): \(reason)")))
    }

    private func handshakeFailed(_ failure: SocketMonitor.HandshakeFailure) {
        switch (failure, peer) {
        case (.refused, _):
            // Trying again would not help before somebody changes the list.
            fail("the peer refused our key: it is not on its list, or no longer", code: .refused)
        case (_, nil): fail("the peer demands keys, or does not speak ZMTP")
        case (_, .some):
            fail("the peer does not hold the key of this address, or wants to hear nothing of us for a while")
        }
    }

    /// The address as libzmq takes it, and the listener's key.
    private static func target(
        _ address: String, _ security: TransportSecurity?
    ) throws(MessagingError) -> (endpoint: String, key: PublicKey?) {
        let (endpoint, named) = try BindAddress.dialled(address)
        if named != nil, security == nil {
            throw MessagingError(
                .insecure, "\(address): this address is guarded by keys, and this process has none: give --keys")
        }
        let key = named ?? security?.pinned
        // Without the listener's key anybody could answer; an ipc path is in a folder that only its owner can enter.
        if let security, key == nil, endpoint.hasPrefix("tcp://") {
            let hint = "the address must end in '#' and the listener's key"
            throw MessagingError(
                .insecure, "\(address): \(security.keys.publicKey) knows no key of this listener: \(hint)")
        }
        return (endpoint, key)
    }

    /// Who listens at an address, as the list says now.
    ///
    /// - Throws: ``MessagingError`` refused if the key was taken off the list: trying again would not help.
    private static func listener(
        with key: PublicKey, _ authenticator: Authenticator?, _ address: String
    ) throws(MessagingError) -> PeerIdentity {
        guard let authenticator else { return PeerIdentity(name: "", role: "", key: key) }
        authenticator.refresh()
        guard let listener = authenticator.listener(with: key) else {
            throw MessagingError(.refused, "\(address): the key of this listener was revoked")
        }
        return listener
    }

    /// Ends the connection if the peer's key is on the list no more, or for another role.
    private func listHasChanged() {
        guard !isClosed, let peer, let authenticator, authenticator.listener(with: peer.key) != peer else { return }
        cut("the key of \(peer.name.isEmpty ? "this listener" : peer.name) was revoked")
    }

    /// Ends the connection at once: not even what waits to be sent may leave.
    private func cut(_ reason: String) {
        // An end that was noticed leaves the descriptor to others.
        drainMonitor()
        guard !isClosed else { return }
        for descriptor in connections.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        end(reason)
    }

    private func end(_ reason: String) {
        if connection != nil { return fail(reason) }
        let receiver = receiver
        endReason = reason
        shut()
        receiver?.linkEnded(reason)
    }

    /// Reading comes first: only then libzmq looks for sure whether the peer has made room.
    private func socketIsReady() {
        receive(limit: Self.messagesPerTurn)
        guard !isClosed, !pending.isEmpty, socket.canSend() else { return }
        while let frames = pending.first {
            if case .full = socket.send(frames) { return }
            pending.removeFirst()
        }
        receiver?.linkHasTakenAll()
    }

    private func receive(limit: Int) {
        guard receiver != nil else { return }
        var count = 0
        var frames: [Frame] = []
        swap(&frames, &usedFrames)
        while count < limit {
            reactor.fireDueTimers()
            guard !isClosed, let receiver, let received = socket.receive(into: &frames) else { break }
            count += 1
            delivered += 1
            if case .tooManyFrames = received { frames = [] }
            receiver.linkReceived(frames)
        }
        frames.removeAll(keepingCapacity: true)
        usedFrames = frames
    }

    /// A listener, too, may send a message without an end.
    func lookAtConnections(usedBytes: Int) {
        // A process that only dials has nobody else to look at the list.
        authenticator?.refresh()
        // Whole messages that wait in the socket speak for their sender; an end that was noticed leaves the descriptor to others.
        receive(limit: 16 * Self.messagesPerTurn)
        drainMonitor()
        guard !isClosed, receiver != nil, let descriptor = connections.descriptors.first else { return }
        let look = ConnectionGuard.Look(of: descriptor, delivered: delivered, usedBytes: usedBytes)
        guard let objection = connections.objection(to: descriptor, look, at: .now) else { return }
        cut(objection)
    }
}
