internal import CZeroMQ

#if canImport(Glibc)
    internal import Glibc
#endif

/// A bound ROUTER: every peer that speaks becomes a link.
///
/// Touched on its reactor only (but for the address), which is why it may be `Sendable`.
final class RouterListener: TransportListener, ConnectionWatch.Watched, @unchecked Sendable {
    /// The time in which a session's last message can leave before its connection is cut.
    private static let lastWords = Duration.seconds(1)

    let address: String
    private let admission: Admission?
    private let reactor: Reactor
    private let socket: ZeroMQSocket
    private let monitor: SocketMonitor
    private var lock: PathLock?
    private let accept: @Sendable (any Link) -> Void
    private var sources: [Reactor.Source] = []
    /// Those that were dismissed are among them until their connections have ended.
    private var links: [SmallBytes: RouterLink] = [:]
    private var linksByDescriptor: [Int32: RouterLink] = [:]
    private var connections = ConnectionGuard()
    private var retryTimer: ReactorTimer?
    /// An empty list, whose memory the next message uses.
    private var usedFrames: [Frame] = []
    private var isClosed = false
    private var closing: CheckedContinuation<Void, Never>?

    init(
        address: String, reactor: Reactor, security: TransportSecurity?, accept: @escaping @Sendable (any Link) -> Void
    ) throws(MessagingError) {
        reactor.preconditionOnReactor()
        let admission = try security.map { (security) throws(MessagingError) in try Admission(security) }
        let bindAddress = try BindAddress(try Self.withoutKey(address, admission), demandsKeys: admission != nil)
        let socket = try ZeroMQSocket(ZMQ_ROUTER)
        // Without this libzmq drops messages for a peer that is slow or gone, and reports success.
        socket.set(ZMQ_ROUTER_MANDATORY, 1)
        let monitor: SocketMonitor
        do throws(MessagingError) {
            try admission?.guardSocket(socket)
            monitor = try SocketMonitor(of: socket)
        } catch {
            socket.close(linger: 0)
            throw error
        }
        socket.prepare(for: bindAddress.endpoint)
        guard zmq_bind(socket.handle, bindAddress.endpoint) == 0 else {
            let (number, text) = (zmq_errno(), zeroMQErrorText())
            socket.close(linger: 0)
            monitor.socket.close(linger: 0)
            if number == EADDRINUSE {
                throw MessagingError(.addressInUse, "\(address): in use by another process; choose another port")
            }
            throw MessagingError(.system, "\(address): cannot be bound: \(text)")
        }
        self.address = socket.lastEndpoint + (admission.map { "#\($0.publicKey.hexadecimal)" } ?? "")
        self.admission = admission
        self.reactor = reactor
        self.socket = socket
        self.monitor = monitor
        self.accept = accept
        lock = bindAddress.lock
        // The sources keep this object alive until `close`.
        sources = [
            Reactor.Source(socket: monitor.socket) { self.drainMonitor() },
            Reactor.Source(socket: socket) { self.receive(limit: DealerLink.messagesPerTurn) },
        ]
        for source in sources { reactor.add(source) }
        admission?.watch { [weak self] in
            guard let self else { return }
            reactor.submit { self.dropRevoked() }
        }
        reactor.connectionWatch.add(self, on: reactor)
    }

    /// An address of an earlier listener ends in its key, which has to be ours then.
    private static func withoutKey(_ address: String, _ admission: Admission?) throws(MessagingError) -> String {
        guard let mark = address.firstIndex(of: "#") else { return address }
        guard let admission, address[mark...] == "#\(admission.publicKey.hexadecimal)" else {
            throw MessagingError(.invalidAddress, "\(address): the key in it is not this process's")
        }
        return String(address[..<mark])
    }

    /// Ends the links, and returns when their last words have left and the address is free.
    func close() async {
        await withCheckedContinuation { continuation in
            reactor.submit { self.shut(continuation) }
        }
    }

    private func shut(_ continuation: CheckedContinuation<Void, Never>) {
        guard !isClosed else { return continuation.resume() }
        isClosed = true
        for link in links.values { link.forget() }
        links = [:]
        linksByDescriptor = [:]
        reactor.remove(sources[1])
        reactor.connectionWatch.remove(self, on: reactor)
        admission?.end()
        if let retryTimer { reactor.cancel(retryTimer) }
        closing = continuation
        // Not `zmq_unbind`: it would drop what has not left, and abort the process when a connection breaks meanwhile with a
        // message half written (libzmq issue 3442). The monitor outlives the socket, which must not block on telling it.
        socket.close(linger: 2000)
    }

    /// The socket is gone, with its connections and its address.
    private func socketHasEnded() {
        reactor.remove(sources[0])
        sources = []
        monitor.socket.close(linger: 0)
        lock = nil
        closing?.resume()
        closing = nil
    }

    // MARK: For the links

    /// Sends to a peer; `.full` leaves the message with the link, which is asked again later.
    func send(_ frames: [Frame], to link: RouterLink) -> ZeroMQSocket.SendResult {
        guard !isClosed else { return .gone }
        let result = socket.send(frames, to: .small(link.identity))
        if case .full = result { retryLater() }
        return result
    }

    /// Takes no more of a link whose session is over, and ends its connection once the last words have left.
    func dismiss(_ link: RouterLink) {
        guard links[link.identity] === link else { return }
        _ = reactor.schedule(after: Self.lastWords) { [weak self] in self?.cut(link) }
    }

    /// Keeps the holder of a link's key out for a while.
    func ban(_ link: RouterLink) {
        if let peer = link.peer { admission?.ban(peer.key, at: link.peerAddress) }
    }

    /// Ends the connection of a link at once.
    private func cut(_ link: RouterLink) {
        // An end that has been noticed leaves the descriptor to others.
        drainMonitor(receivesRest: false)
        if linksByDescriptor[link.descriptor] === link { shutdown(link.descriptor, Int32(SHUT_RDWR)) }
    }

    /// Forgets a link whose connection has ended.
    func remove(_ link: RouterLink) {
        if links[link.identity] === link { links[link.identity] = nil }
        if linksByDescriptor[link.descriptor] === link { linksByDescriptor[link.descriptor] = nil }
    }

    /// A ROUTER that can be written to says nothing of one peer, so full peers are asked again and again.
    private func retryLater() {
        guard retryTimer == nil else { return }
        retryTimer = reactor.schedule(after: .milliseconds(1)) { [weak self] in
            guard let self else { return }
            retryTimer = nil
            for link in links.values { link.retry() }
        }
    }

    // MARK: Receiving

    private func drainMonitor(receivesRest: Bool = true) {
        while !sources.isEmpty, let event = monitor.next() {
            switch event {
            case .accepted(let descriptor): connections.opened(descriptor, at: .now)
            case .disconnected(let descriptor): disconnected(descriptor, receivesRest: receivesRest)
            case .stopped where isClosed: socketHasEnded()
            default: break
            }
        }
    }

    private func disconnected(_ descriptor: Int32, receivesRest: Bool) {
        connections.closed(descriptor)
        guard let link = linksByDescriptor[descriptor] else { return }
        // What the peer sent before it went is still in the socket.
        if receivesRest { receive(limit: 4096) }
        remove(link)
        link.end("the peer closed the connection")
    }

    private func receive(limit: Int) {
        var count = 0
        var frames: [Frame] = []
        swap(&frames, &usedFrames)
        var identity = SmallBytes(count: 0) { _ in }
        var origin: ZeroMQSocket.Origin?
        while count < limit {
            reactor.fireDueTimers()
            guard !isClosed,
                let received = socket.receive(
                    into: &frames, identity: &identity, origin: &origin, known: { links[$0] != nil })
            else { break }
            count += 1
            if case .tooManyFrames = received { frames = [] }
            link(of: identity, origin)?.receive(frames)
        }
        frames.removeAll(keepingCapacity: true)
        usedFrames = frames
    }

    /// The link of a message, a new one if there is none.
    ///
    /// Nil for what is left of a connection that has ended.
    private func link(of identity: SmallBytes, _ origin: ZeroMQSocket.Origin?) -> RouterLink? {
        if let link = links[identity] { return link }
        guard let origin else { return nil }
        // The system gives descriptors out again: the end of the last connection with this one must be seen before.
        drainMonitor(receivesRest: false)
        guard !isClosed, connections.contains(origin.descriptor) else { return nil }
        if let other = linksByDescriptor[origin.descriptor] {
            // One of the two connections has ended: libzmq counts its routing ids up.
            guard Self.isLater(identity, other.identity) else { return nil }
            remove(other)
            other.end("the peer closed the connection")
        }
        // Nil without keys, and for a key that was revoked since its handshake: such a connection ends as a silent one.
        let peer = origin.key.flatMap { admission?.holder(of: $0) }
        guard admission == nil || peer != nil else { return nil }
        let link = RouterLink(origin, identity: identity, peer: peer, listener: self, reactor: reactor)
        links[identity] = link
        linksByDescriptor[origin.descriptor] = link
        accept(link)
        return link
    }

    /// Whether libzmq made up a routing id (a zero, and a number of four bytes) after another one.
    private static func isLater(_ identity: SmallBytes, _ other: SmallBytes) -> Bool {
        func number(_ identity: SmallBytes) -> UInt32 {
            identity.withUnsafeBytes { $0.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        }
        return Int32(bitPattern: number(identity) &- number(other)) > 0
    }

    // MARK: Unwelcome peers

    /// Ends the sessions of keys that are on the list no more, or for another role.
    private func dropRevoked() {
        guard let admission, !isClosed else { return }
        for link in links.values where link.peer.flatMap({ admission.holder(of: $0.key) }) != link.peer {
            cut(link)
            link.end("the key of \(link.peer?.name ?? "the peer") was revoked")
        }
    }

    func lookAtConnections(usedBytes: Int) {
        guard !isClosed, connections.count > 0 else { return }
        // Whole messages that wait in the socket speak for their senders.
        receive(limit: 16 * DealerLink.messagesPerTurn)
        let now = ContinuousClock.now
        for descriptor in connections.descriptors {
            let look = ConnectionGuard.Look(
                of: descriptor, delivered: linksByDescriptor[descriptor]?.delivered ?? 0, usedBytes: usedBytes)
            if let objection = connections.objection(to: descriptor, look, at: now) { end(descriptor, objection) }
        }
    }

    private func end(_ descriptor: Int32, _ objection: String) {
        // An end that has been noticed leaves the descriptor to others.
        drainMonitor(receivesRest: false)
        guard connections.contains(descriptor) else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        guard let link = linksByDescriptor[descriptor] else { return }
        ban(link)
        link.end(objection)
    }
}
