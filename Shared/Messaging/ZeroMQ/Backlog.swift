internal import DequeModule

/// Messages that the socket has not taken yet, in order, and not too many of them.
///
/// Credits bound what an honest peer is sent; one that asks and never reads is given up here.
struct Backlog {
    /// More than any window that a peer may have.
    static let maximumBytes = 320 << 20
    static let maximumMessages = 1 << 17

    private var messages: Deque<[Frame]> = []
    private var bytes = 0

    var isEmpty: Bool { messages.isEmpty }

    /// The message whose turn it is.
    var first: [Frame]? { messages.first }

    /// Keeps a message; false if there are too many, and this one is not kept.
    mutating func append(_ frames: [Frame]) -> Bool {
        let size = Self.size(frames)
        guard messages.count < Self.maximumMessages, bytes + size <= Self.maximumBytes else { return false }
        messages.append(frames)
        bytes += size
        return true
    }

    mutating func removeFirst() {
        bytes -= Self.size(messages.removeFirst())
    }

    mutating func removeAll() { self = Backlog() }

    private static func size(_ frames: [Frame]) -> Int { frames.reduce(0) { $0 + $1.count } }
}
