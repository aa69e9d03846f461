/// Messages that the socket has not taken yet, in order, and not too many of them.
///
/// Credits bound what an honest peer is sent; one that asks and never reads is given up here.
struct Backlog {
    /// More than any window that a peer may have.
    static let maximumBytes = 320 << 20
    static let maximumMessages = 1 << 17

    private var messages: [[Frame]] = []
    private var start = 0
    private var bytes = 0

    var isEmpty: Bool { start == messages.count }

    /// The message whose turn it is.
    var first: [Frame]? { isEmpty ? nil : messages[start] }

    /// Keeps a message; false if there are too many, and this one is not kept.
    mutating func append(_ frames: [Frame]) -> Bool {
        let size = Self.size(frames)
        guard messages.count - start < Self.maximumMessages, bytes + size <= Self.maximumBytes else { return false }
        messages.append(frames)
        bytes += size
        return true
    }

    mutating func removeFirst() {
        bytes -= Self.size(messages[start])
        messages[start] = []
        start += 1
        // Now and then, so that taking one message does not move all others.
        if start == messages.count || start >= 1024 && 2 * start >= messages.count {
            messages.removeFirst(start)
            start = 0
        }
    }

    mutating func removeAll() { self = Backlog() }

    private static func size(_ frames: [Frame]) -> Int { frames.reduce(0) { $0 + $1.count } }
}
