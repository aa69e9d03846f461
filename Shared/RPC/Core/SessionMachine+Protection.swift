import Messaging

// What a peer may not do although every single message of it is well-formed.
extension SessionMachine {
    /// Most messages of one heartbeat that do nothing for any call: a PING is answered, so that whoever sends them without
    /// end, and does not read, fills our memory.
    static let maximumIdleFrames = 10_000
    /// Longest name, and role: they are kept for as long as the answers are.
    static let maximumNameBytes = 256

    /// Counts a message that does nothing for any call; false after a violation.
    mutating func isWelcomeIdler() -> Bool {
        idleFrames += 1
        guard idleFrames > Self.maximumIdleFrames else { return true }
        violation("more than \(Self.maximumIdleFrames) messages without a purpose")
        return false
    }

    /// Whether what a peer says of itself, and is willing to receive, can be kept for it; false after a violation.
    mutating func accepts(_ name: String, _ role: String, _ limits: ZRPLimits) -> Bool {
        let longest = max(name.utf8.count, role.utf8.count)
        guard longest <= Self.maximumNameBytes else {
            violation("a name of \(longest) bytes, the limit is \(Self.maximumNameBytes)")
            return false
        }
        let largest = max(limits.callWindowBytes, limits.sessionWindowBytes)
        guard largest > SessionLimits.maximumWindowBytes else { return true }
        violation("a window of \(largest) bytes, the limit is \(SessionLimits.maximumWindowBytes)")
        return false
    }
}
