import Messaging
import Synchronization

/// An address that takes sessions.
public final class Listener: Sendable {
    private struct State {
        var bound: (any TransportListener)?
        var sessions: [ObjectIdentifier: Session] = [:]
        var watchers: [UInt64: AsyncStream<Session>.Continuation] = [:]
        var nextWatcher: UInt64 = 0
        /// Why no more sessions are taken.
        var draining: String?
    }

    private let state = Mutex(State())

    init() {}

    func bind(_ bound: any TransportListener) {
        state.withLock { $0.bound = bound }
    }

    /// The address that peers dial, with the port that the system chose.
    public var address: String { state.withLock { $0.bound?.address ?? "" } }

    /// The sessions that are open.
    public var sessions: [Session] { state.withLock { Array($0.sessions.values) } }

    /// Sessions that open from now on.
    ///
    /// Each stream has its own copy.
    public var newSessions: AsyncStream<Session> {
        let (stream, continuation) = AsyncStream.makeStream(of: Session.self)
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.watchers.removeValue(forKey: id) }
        }
        return stream
    }

    /// Takes no more sessions, and ends those that are open.
    public func close() async {
        for session in sessions { await session.close() }
        let (bound, watchers) = state.withLock { state in
            defer { state.watchers = [:] }
            return (state.bound, Array(state.watchers.values))
        }
        for watcher in watchers { watcher.finish() }
        await bound?.close()
    }

    /// Takes no more sessions and no more calls, and waits until those that are open have ended, at the latest until the
    /// grace has.
    public func drain(_ reason: String = "it is being drained", grace: Duration) async {
        state.withLock { $0.draining = reason }
        await withTaskGroup(of: Void.self) { group in
            for session in sessions { group.addTask { await session.drain(reason, grace: grace) } }
        }
    }

    func add(_ session: Session) {
        let (watchers, draining) = state.withLock { state in
            state.sessions[ObjectIdentifier(session.core)] = session
            return (Array(state.watchers.values), state.draining)
        }
        // Who comes too late is told to go elsewhere.
        if let draining { Task { await session.drain(draining, grace: .zero) } }
        for watcher in watchers { watcher.yield(session) }
    }

    func remove(_ core: SessionCore) {
        state.withLock { _ = $0.sessions.removeValue(forKey: ObjectIdentifier(core)) }
    }
}
