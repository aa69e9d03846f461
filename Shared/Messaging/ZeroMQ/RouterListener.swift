internal import CZeroMQ

/// A bound ROUTER: every peer that speaks becomes a link.
///
/// Touched on its reactor only (but for the address), which is why it may be `Sendable`.
final class RouterListener: TransportListener, @unchecked Sendable {
    let address: String
    private let reactor: Reactor
    private let socket: ZeroMQSocket
    private let monitor: SocketMonitor
    private var lock: FileLock?
    private let accept: @Sendable (any Link) -> Void
    private var sources: [Reactor.Source] = []
    private var links: [[UInt8]: RouterLink] = [:]
    private var retryTimer: ReactorTimer?
    private var isClosed = false
    private var closing: CheckedContinuation<Void, Never>?

    init(
        address: String, reactor: Reactor, accept: @escaping @Sendable (any Link) -> Void
    ) throws(MessagingError) {
        reactor.preconditionOnReactor()
        let bindAddress = try BindAddress(address)
        let socket = try ZeroMQSocket(ZMQ_ROUTER)
        // Without this libzmq drops messages for a peer that is slow or gone, and reports success.
        socket.set(ZMQ_ROUTER_MANDATORY, 1)
        let monitor: SocketMonitor
        do throws(MessagingError) { monitor = try SocketMonitor(of: socket) } catch {
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
        self.address = socket.lastEndpoint
        self.reactor = reactor
        self.socket = socket
        self.monitor = monitor
        self.accept = accept
        lock = bindAddress.lock
        // The sources keep this object alive until `close`.
        sources = [
            Reactor.Source(socket: monitor.socket.handle) { self.drainMonitor() },
            Reactor.Source(socket: socket.handle) { self.receive() },
        ]
        for source in sources { reactor.add(source) }
    }

    /// Ends the links, and returns when the address is free: libzmq removes an ipc path late, and would remove the next
    /// listener's.
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
        reactor.remove(sources[1])
        if let retryTimer { reactor.cancel(retryTimer) }
        closing = continuation
        retryTimer = reactor.schedule(after: .seconds(1)) { self.addressIsFree() }
        if zmq_unbind(socket.handle, address) != 0 { addressIsFree() }
    }

    private func addressIsFree() {
        guard let closing else { return }
        self.closing = nil
        if let retryTimer { reactor.cancel(retryTimer) }
        retryTimer = nil
        reactor.remove(sources[0])
        sources = []
        zmq_socket_monitor(socket.handle, nil, 0)
        monitor.socket.close(linger: 0)
        socket.close(linger: 500)
        lock = nil
        closing.resume()
    }

    // MARK: For the links

    /// Sends to a peer; `.full` leaves the message with the link, which is asked again later.
    func send(_ frames: [Frame], to link: RouterLink) -> ZeroMQSocket.SendResult {
        guard !isClosed else { return .gone }
        let result = socket.send([.bytes(link.identity)] + frames)
        if case .full = result { retryLater() }
        return result
    }

    func remove(_ link: RouterLink) {
        if links[link.identity] === link { links[link.identity] = nil }
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
            case .disconnected(let descriptor): disconnected(descriptor, receivesRest: receivesRest)
            case .closed where isClosed: addressIsFree()
            default: break
            }
        }
    }

    private func disconnected(_ descriptor: Int32, receivesRest: Bool) {
        for link in links.values where link.descriptor == descriptor {
            // What the peer sent before it went is still in the socket.
            if receivesRest { receive(limit: 4096) }
            remove(link)
            link.end("the peer closed the connection")
        }
    }

    private func receive() {
        drainMonitor()
        receive(limit: DealerLink.messagesPerTurn)
    }

    private func receive(limit: Int) {
        var count = 0
        var descriptor: Int32 = -1
        while count < limit, !isClosed, let received = socket.receive(descriptor: &descriptor) {
            count += 1
            switch received {
            case .message(let frames):
                link(of: frames[0], descriptor)?.receive(Array(frames.dropFirst()))
            case .tooManyFrames(let first):
                link(of: first, descriptor)?.receive([])
            }
        }
    }

    private func link(of first: Frame, _ descriptor: Int32) -> RouterLink? {
        guard case .bytes(let identity) = first else { return nil }
        if let link = links[identity] { return link }
        // The system gives descriptors out again: the end of the last connection with this one must be seen before.
        drainMonitor(receivesRest: false)
        guard !isClosed else { return nil }
        let link = RouterLink(identity: identity, descriptor: descriptor, listener: self, reactor: reactor)
        links[identity] = link
        accept(link)
        return link
    }
}
