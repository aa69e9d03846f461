internal import CZeroMQ

/// A connection that this side dialled: one DEALER, one connection, no reconnection.
///
/// Touched on its reactor only, which is why it may be `Sendable`.
final class DealerLink: Link, @unchecked Sendable {
    /// Messages taken from the socket in one turn of the reactor; others are to have their turn too.
    static let messagesPerTurn = 256

    let remoteAddress: String
    private let reactor: Reactor
    private let socket: ZeroMQSocket
    private let monitor: SocketMonitor
    private var sources: [Reactor.Source] = []
    private var receiver: (any LinkReceiver)?
    private var connection: CheckedContinuation<Result<any Link, MessagingError>, Never>?
    private var timer: ReactorTimer?
    private var pending: [[Frame]] = []
    private var isClosed = false
    /// Why the connection ended; a link that ends before it was started tells so when it is.
    private var endReason: String?

    /// Begins to connect; the continuation is resumed once.
    init(
        address: String, reactor: Reactor, timeout: Duration,
        connection: CheckedContinuation<Result<any Link, MessagingError>, Never>
    ) throws(MessagingError) {
        let endpoint = try BindAddress.dialled(address)
        remoteAddress = address
        self.reactor = reactor
        socket = try ZeroMQSocket(ZMQ_DEALER)
        do throws(MessagingError) { monitor = try SocketMonitor(of: socket) } catch {
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
        // The sources keep this object alive until `close`.
        sources = [
            Reactor.Source(socket: monitor.socket.handle) { self.drainMonitor() },
            Reactor.Source(socket: socket.handle) { self.socketIsReady() },
        ]
        for source in sources { reactor.add(source) }
        timer = reactor.schedule(after: timeout) { [weak self] in
            self?.fail("nobody answered within \(timeout)")
        }
    }

    func start(_ receiver: any LinkReceiver) {
        reactor.preconditionOnReactor()
        if let endReason { return receiver.linkEnded(endReason) }
        self.receiver = receiver
        drainMonitor()
        if !isClosed { socketIsReady() }
    }

    func send(_ frames: [Frame]) {
        reactor.preconditionOnReactor()
        guard !isClosed else { return }
        guard pending.isEmpty else {
            pending.append(frames)
            return
        }
        if case .full = socket.send(frames) {
            pending.append(frames)
            sources[1].wantsWrite = true
        }
    }

    func close() {
        reactor.preconditionOnReactor()
        shut(linger: 500)
    }

    private func shut(linger: Int32) {
        guard !isClosed else { return }
        isClosed = true
        receiver = nil
        for source in sources { reactor.remove(source) }
        sources = []
        if let timer { reactor.cancel(timer) }
        zmq_socket_monitor(socket.handle, nil, 0)
        monitor.socket.close(linger: 0)
        socket.close(linger: linger)
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
            case .disconnected:
                // What the peer sent before it went is still in the socket.
                receive(limit: .max)
                end("the connection to \(remoteAddress) was closed")
            case .closed: fail("nobody listens here")
            case .failed(let reason): fail(reason)
            }
        }
    }

    /// The connection was never there.
    private func fail(_ reason: String) {
        guard let connection else { return }
        self.connection = nil
        shut(linger: 0)
        connection.resume(returning: .failure(MessagingError(.unreachable, "\(remoteAddress): \(reason)")))
    }

    private func end(_ reason: String) {
        if connection != nil { return fail(reason) }
        let receiver = receiver
        endReason = reason
        shut(linger: 0)
        receiver?.linkEnded(reason)
    }

    private func socketIsReady() {
        while !pending.isEmpty {
            if case .full = socket.send(pending[0]) { break }
            pending.removeFirst()
        }
        if !isClosed { sources[1].wantsWrite = !pending.isEmpty }
        receive(limit: Self.messagesPerTurn)
    }

    private func receive(limit: Int) {
        guard receiver != nil else { return }
        var count = 0
        while count < limit, !isClosed, let receiver, let received = socket.receive() {
            count += 1
            switch received {
            case .message(let frames): receiver.linkReceived(frames)
            case .tooManyFrames: receiver.linkReceived([])
            }
        }
    }
}
