import Synchronization

/// A network within the process: the twin of ``ZeroMQTransport`` for tests, and for services that share a process.
///
/// Addresses are `memory://NAME`, and mean something only to endpoints that were given the same transport.
public final class MemoryTransport: Transport {
    private struct Listening: Sendable {
        let reactor: Reactor
        let accept: @Sendable (any Link) -> Void
    }

    private let listeners = Mutex<[String: Listening]>([:])

    /// A network without anybody.
    public init() {}

    public func connect(
        to address: String, on reactor: Reactor, timeout: Duration
    ) async throws(MessagingError) -> any Link {
        guard let listening = listeners.withLock({ $0[address] }) else {
            throw MessagingError(.unreachable, "\(address): nobody listens here")
        }
        let near = MemoryLink(reactor: reactor, remoteAddress: address)
        let far = MemoryLink(reactor: listening.reactor, remoteAddress: "\(address) (dialer)")
        near.join(far)
        listening.reactor.submit { listening.accept(far) }
        return near
    }

    public func listen(
        at address: String, on reactor: Reactor, accept: @escaping @Sendable (any Link) -> Void
    ) async throws(MessagingError) -> any TransportListener {
        guard address.hasPrefix("memory://"), address.count > 9 else {
            throw MessagingError(.invalidAddress, "\(address): not of the form memory://NAME")
        }
        let links = LinkList()
        let listening = Listening(reactor: reactor) { link in
            links.append(link)
            accept(link)
        }
        let isFree = listeners.withLock { listeners in
            if listeners[address] != nil { return false }
            listeners[address] = listening
            return true
        }
        guard isFree else { throw MessagingError(.addressInUse, "\(address): in use by another listener") }
        return MemoryListener(address: address, transport: self, reactor: reactor, links: links)
    }

    fileprivate func remove(_ address: String) {
        listeners.withLock { $0[address] = nil }
    }
}

private struct MemoryListener: TransportListener {
    let address: String
    let transport: MemoryTransport
    let reactor: Reactor
    let links: LinkList

    func close() async {
        transport.remove(address)
        await reactor.perform { for link in links.takeAll() { link.close() } }
    }
}

/// The links that a listener has accepted.
private final class LinkList: Sendable {
    private let links = Mutex<[any Link]>([])

    func append(_ link: any Link) { links.withLock { $0.append(link) } }

    func takeAll() -> [any Link] {
        links.withLock { links in
            defer { links = [] }
            return links
        }
    }
}
