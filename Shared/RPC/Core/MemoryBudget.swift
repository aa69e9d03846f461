import Synchronization

/// The memory that the attachments which all sessions of an endpoint receive may hold before they are read.
package final class MemoryBudget: Sendable {
    private let capacity: Int
    private let used = Atomic(0)

    package init(_ capacity: Int) { self.capacity = capacity }

    /// Bytes that are held.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes bytes; false if there are not so many left.
    func take(_ bytes: Int) -> Bool {
        guard bytes > 0 else { return true }
        let before = used.add(bytes, ordering: .relaxed).oldValue
        guard bytes <= capacity - before else {
            give(bytes)
            return false
        }
        return true
    }

    func give(_ bytes: Int) {
        if bytes > 0 { used.subtract(bytes, ordering: .relaxed) }
    }
}
