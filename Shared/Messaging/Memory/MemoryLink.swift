/// One end of a connection within the process.
///
/// Its state is touched on its reactor only (`join` happens before anyone else has the link), which is why it may be
/// `Sendable`.
final class MemoryLink: Link, @unchecked Sendable {
    let remoteAddress: String
    private let reactor: Reactor
    private weak var remote: MemoryLink?
    private var receiver: (any LinkReceiver)?
    private var waiting: [[Frame]] = []
    private var isEnded = false
    private var endReason: String?
    /// Each end keeps the other alive until one of them closes.
    private var retained: MemoryLink?

    init(reactor: Reactor, remoteAddress: String) {
        self.reactor = reactor
        self.remoteAddress = remoteAddress
    }

    func join(_ other: MemoryLink) {
        remote = other
        retained = other
        other.remote = self
        other.retained = self
    }

    func start(_ receiver: any LinkReceiver) {
        reactor.preconditionOnReactor()
        self.receiver = receiver
        let early = waiting
        waiting = []
        for frames in early { receiver.linkReceived(frames) }
        if let endReason { receiver.linkEnded(endReason) }
    }

    func send(_ frames: [Frame]) {
        reactor.preconditionOnReactor()
        guard !isEnded, let remote else { return }
        remote.reactor.submit { remote.deliver(frames) }
    }

    func close() {
        reactor.preconditionOnReactor()
        guard !isEnded else { return }
        isEnded = true
        receiver = nil
        retained = nil
        if let remote { remote.reactor.submit { remote.end("the peer closed the connection") } }
    }

    private func deliver(_ frames: [Frame]) {
        guard !isEnded else { return }
        if let receiver { receiver.linkReceived(frames) } else { waiting.append(frames) }
    }

    private func end(_ reason: String) {
        guard !isEnded else { return }
        isEnded = true
        retained = nil
        endReason = reason
        receiver?.linkEnded(reason)
        receiver = nil
    }
}
