import Messaging
import Synchronization

/// The memory that messages of all sessions of an endpoint may hold: those that nobody has read, the requests that handlers work
/// on, and the answers that wait for their caller's credit.
///
/// No peer has more than half of it, or one that announces much and sends nothing would leave nobody else anything.
package final class MemoryBudget: Sendable {
    private let capacity: Int
    private let whole: MemoryBudget?
    private let used = Atomic(0)
    /// As many as there are keys on the list, at most.
    private let sharesByKey = Mutex<[PublicKey: MemoryBudget]>([:])

    package init(_ capacity: Int) {
        self.capacity = capacity
        whole = nil
    }

    private init(shareOf whole: MemoryBudget) {
        capacity = whole.capacity / 2
        self.whole = whole
    }

    /// What one peer may take of it: all sessions of a key together, or a session without one.
    func share(of key: PublicKey?) -> MemoryBudget {
        guard let key else { return MemoryBudget(shareOf: self) }
        return sharesByKey.withLock { shares in
            let share = shares[key] ?? MemoryBudget(shareOf: self)
            shares[key] = share
            return share
        }
    }

    /// Bytes that are held.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes bytes; false if there are not so many left.
    func take(_ bytes: Int) -> Bool {
        guard bytes > 0 else { return true }
        let before = used.add(bytes, ordering: .relaxed).oldValue
        guard bytes <= capacity - before, whole?.take(bytes) ?? true else {
            used.subtract(bytes, ordering: .relaxed)
            return false
        }
        return true
    }

    func give(_ bytes: Int) {
        guard bytes > 0 else { return }
        used.subtract(bytes, ordering: .relaxed)
        whole?.give(bytes)
    }
}
