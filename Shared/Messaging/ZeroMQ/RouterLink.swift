/// A connection that a peer dialled, seen through the listener's ROUTER.
///
/// Touched on its reactor only, which is why it may be `Sendable`.
final class RouterLink: Link, @unchecked Sendable {
    /// The routing id that libzmq gave the connection.
    let identity: [UInt8]
    /// The connection's file descriptor, by which the monitor names it.
    let descriptor: Int32
    private weak var listener: RouterListener?
    private let reactor: Reactor
    private let listenerAddress: String
    private var receiver: (any LinkReceiver)?
    private var pending: [[Frame]] = []

    var remoteAddress: String { "a peer of \(listenerAddress)" }

    init(identity: [UInt8], descriptor: Int32, listener: RouterListener, reactor: Reactor) {
        self.identity = identity
        self.descriptor = descriptor
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
        guard pending.isEmpty else {
            pending.append(frames)
            return
        }
        handle(listener.send(frames, to: self), of: frames)
    }

    func close() {
        reactor.preconditionOnReactor()
        listener?.remove(self)
        forget()
    }

    /// Without telling the receiver.
    func forget() {
        receiver = nil
        listener = nil
        pending = []
    }

    /// Sends what the socket did not take before.
    func retry() {
        while let listener, let frames = pending.first {
            let result = listener.send(frames, to: self)
            if case .full = result { return }
            if !pending.isEmpty { pending.removeFirst() }
            handle(result, of: frames)
        }
    }

    private func handle(_ result: ZeroMQSocket.SendResult, of frames: [Frame]) {
        switch result {
        case .sent: break
        case .full: pending.append(frames)
        case .gone:
            // Not from within `send`: the session is in the middle of something.
            reactor.submit {
                self.listener?.remove(self)
                self.end("the peer closed the connection")
            }
        }
    }

    func receive(_ frames: [Frame]) {
        receiver?.linkReceived(frames)
    }

    func end(_ reason: String) {
        let receiver = receiver
        forget()
        receiver?.linkEnded(reason)
    }
}
