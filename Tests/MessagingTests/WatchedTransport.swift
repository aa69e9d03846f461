import Messaging
import Synchronization

/// A network within the process that counts who dials, and makes them wait or turns them away.
final class WatchedTransport: Transport {
    private struct State {
        var attempts = 0
        var holdsConnections = false
        var refused: Set<String> = []
    }

    private let network = MemoryTransport()
    private let state = Mutex(State())

    var attempts: Int { state.withLock(\.attempts) }
    var holdsConnections: Bool {
        get { state.withLock(\.holdsConnections) }
        set { state.withLock { $0.holdsConnections = newValue } }
    }

    /// From now on who dials there is told that its key is not wanted.
    func refuse(_ address: String) {
        state.withLock { _ = $0.refused.insert(address) }
    }

    func connect(
        to address: String, on reactor: Reactor, timeout: Duration
    ) async throws(MessagingError) -> any Link {
        state.withLock { $0.attempts += 1 }
        while holdsConnections { await Task.yield() }
        guard !state.withLock({ $0.refused.contains(address) }) else {
            throw MessagingError(.refused, "\(address): the peer does not want this key")
        }
        return try await network.connect(to: address, on: reactor, timeout: timeout)
    }

    func listen(
        at address: String, on reactor: Reactor, accept: @escaping @Sendable (any Link) -> Void
    ) async throws(MessagingError) -> any TransportListener {
        try await network.listen(at: address, on: reactor, accept: accept)
    }
}
