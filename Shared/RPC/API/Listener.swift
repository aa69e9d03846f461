import Messaging
import Synchronization

/// An address that takes sessions.
public final class Listener: Sendable {
    private struct State {
        var bound: (any TransportListener)?
        var sessions: [ObjectIdentifier: Session] = [:]
        /// Why no more sessions are taken.
        var draining: String?
    }

    private let state = Mutex(State())

    private let onClose: @Sendable (Listener) -> Void

    init(onClose: @escaping @Sendable (Listener) -> Void) {
        self.onClose = onClose
    }

    func bind(_ bound: any TransportListener) {
        state.withLock { $0.bound = bound }
    }

    /// The address that peers dial, with the port that the system chose.
    public var address: String { state.withLock { $0.bound?.address ?? "" } }

    /// The sessions that are open.
    public var sessions: [Session] { state.withLock { Array($0.sessions.values) } }

    /// Takes no more sessions, and ends those that are open.
    public func close() async {
        for session in sessions { await session.close() }
        await state.withLock { $0.bound }?.close()
        onClose(self)
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
        let draining = state.withLock { state in
            state.sessions[ObjectIdentifier(session.core)] = session
            return state.draining
        }
        // Who comes too late is told to go elsewhere.
        if let draining { Task { await session.drain(draining, grace: .zero) } }
    }

    func remove(_ core: SessionCore) {
        state.withLock { _ = $0.sessions.removeValue(forKey: ObjectIdentifier(core)) }
    }
}
