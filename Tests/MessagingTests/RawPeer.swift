import Messaging
import RPC
import Synchronization

/// A peer that says whatever a test wants, frame by frame, and hears everything.
final class RawPeer: LinkReceiver {
    enum Event: Sendable {
        case message([Frame])
        case ended(String)
    }

    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let reactor: Reactor
    private let link = Mutex<(any Link)?>(nil)
    private let ended = Mutex(false)

    private init(reactor: Reactor) {
        self.reactor = reactor
        (events, continuation) = AsyncStream.makeStream(of: Event.self)
    }

    /// Dials an address.
    static func dial(_ address: String, _ transport: any Transport) async throws -> RawPeer {
        let peer = RawPeer(reactor: try Reactor())
        let link = try await transport.connect(to: address, on: peer.reactor, timeout: .seconds(5))
        await peer.reactor.perform { peer.attach(link) }
        return peer
    }

    /// Listens at an address; the first peer to come is the one that is talked to.
    static func listen(
        _ address: String, _ transport: any Transport
    ) async throws -> (peer: RawPeer, listener: any TransportListener) {
        let peer = RawPeer(reactor: try Reactor())
        let listener = try await transport.listen(at: address, on: peer.reactor) { peer.attach($0) }
        return (peer, listener)
    }

    private func attach(_ link: any Link) {
        self.link.withLock { $0 = link }
        link.start(self)
    }

    func linkReceived(_ frames: [Frame]) { continuation.yield(.message(frames)) }

    func linkEnded(_ reason: String) {
        ended.withLock { $0 = true }
        continuation.yield(.ended(reason))
    }

    /// Whether the other end has hung up.
    var hasEnded: Bool { ended.withLock { $0 } }

    /// Waits until the other end hangs up.
    func untilEnded() async {
        if hasEnded { return }
        for await event in events {
            if case .ended = event { return }
        }
    }

    func send(_ frames: [Frame]) async {
        guard let link = link.withLock({ $0 }) else { return }
        await reactor.perform { link.send(frames) }
    }

    /// Sends the same message many times.
    func repeatedly(_ frames: [[UInt8]], _ count: Int) async {
        guard let link = link.withLock({ $0 }) else { return }
        await reactor.perform { for _ in 0..<count { link.send(frames.map { .bytes($0) }) } }
    }

    func send(_ frames: [[UInt8]]) async {
        guard let link = link.withLock({ $0 }) else { return }
        await reactor.perform { link.send(frames.map { .bytes($0) }) }
    }

    func send(_ header: FrameHeader, _ rest: [UInt8]...) async {
        await send([header.encoded()] + rest)
    }

    /// HELLO with the defaults.
    func sayHello(name: String = "raw") async throws {
        try await say(ZRPHello(versionMin: 1, versionMax: 1, peer: name))
    }

    /// HELLO.
    func say(_ hello: ZRPHello) async throws {
        await send(FrameHeader(.hello), try hello.encoded())
    }

    /// The next STATUS; nil when the link ends first.
    func nextStatus() async throws -> RPCStatus? {
        guard let frames = await next(.status), case .header(let header) = FrameHeader.read(frames[0]) else {
            return nil
        }
        let head = frames.count > 1 ? frames[1].withUnsafeBytes { Array($0) } : []
        return RPCStatus(try ZRPCallStatus(decoding: head), code: header.auxiliary)
    }

    /// Waits for whatever comes next.
    func nextEvent() async -> Event? {
        for await event in events { return event }
        return nil
    }

    /// Waits for a message of a kind; PINGs and others are passed over.
    ///
    /// Nil when the link ends first.
    func next(_ kind: FrameKind) async -> [Frame]? {
        for await event in events {
            guard case .message(let frames) = event else { return nil }
            if let first = frames.first, case .header(let header) = FrameHeader.read(first), header.kind == kind {
                return frames
            }
        }
        return nil
    }

    /// Goes away without a word.
    func vanish() async {
        guard let link = link.withLock({ $0 }) else { return }
        await reactor.perform { link.close() }
        reactor.stop()
    }
}
