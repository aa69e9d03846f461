/// The sender's side of a window: how many bytes it may still send.
package struct SendWindow: Hashable, Sendable {
    package let size: Int
    package private(set) var available: Int

    package init(size: Int) {
        self.size = size
        available = size
    }

    /// Whether a message of that size may go now.
    ///
    /// Nothing can always go. Half of the window is always enough, so that a message larger than the window can pass: the receiver returns at
    /// least three quarters of the window when it has read everything.
    package func admits(_ bytes: Int) -> Bool { bytes == 0 || available >= min(bytes, size / 2) }

    package mutating func spend(_ bytes: Int) { available -= bytes }

    /// Credit from the peer; more than was ever spent is not credit but nonsense.
    package mutating func refill(_ bytes: Int) -> Bool {
        guard bytes <= size - available else { return false }
        available += bytes
        return true
    }
}

/// The receiver's side of a window: what has arrived, what has been read, and when to say so.
package struct ReceiveWindow: Hashable, Sendable {
    package let size: Int
    /// Arrived and not yet returned as credit.
    package private(set) var outstanding = 0
    /// Read, but not yet returned.
    private var owed = 0

    package init(size: Int) {
        self.size = size
    }

    /// Counts an arrival; false if the sender may not have sent it.
    package mutating func arrived(_ bytes: Int) -> Bool {
        let isAdmitted = bytes == 0 || size - outstanding >= min(bytes, size / 2)
        outstanding += bytes
        return isAdmitted
    }

    /// Counts what was read; returns the credit to send, 0 for none yet.
    package mutating func consumed(_ bytes: Int) -> Int {
        owed += bytes
        guard owed > 0, owed >= size / 4 else { return 0 }
        defer { owed = 0 }
        outstanding -= owed
        return owed
    }
}
