internal import CZeroMQ

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a socket knows of its connections that libzmq does not limit: a value without clock or socket.
///
/// libzmq hands on whole messages only, and takes any number of frames for one. So a peer, even one with a key, can send
/// a message without an end and fill the memory, and no option of libzmq stops it. But whoever does that delivers nothing
/// meanwhile: a connection that has taken much and delivered nothing is it.
struct ConnectionGuard {
    /// More than any message of the protocol, with its frames.
    static let maximumUndelivered: Int64 = 8 << 20
    /// Where the system does not count the bytes of a connection, the growth of the process has to say it.
    static let maximumGrowth = 128 << 20
    /// On such connections: looks at which bytes waited, without a delivery in between.
    ///
    /// What waits of an honest peer is delivered soon, and begins the count anew.
    static let maximumUnreadLooks = 3
    /// The time that a peer has for its handshake, of which libzmq gives it five seconds, and its first message.
    static let patience = Duration.seconds(6)

    /// What is looked at, of one connection.
    struct Look {
        /// Messages that it has delivered since it began.
        var delivered: UInt64
        /// Bytes that the system has received on it; nil where nobody counts them.
        var receivedBytes: Int64?
        /// Whether the system holds bytes of it that have not been read.
        var hasUnreadBytes = false
        /// The memory that the process uses.
        var usedBytes: Int
    }

    private struct Connection {
        let since: ContinuousClock.Instant
        var delivered: UInt64 = 0
        /// At the first look after the last delivery.
        var receivedBytes: Int64?
        var usedBytes: Int?
        var unreadLooks = 0
    }

    private var connections: [Int32: Connection] = [:]

    var descriptors: [Int32] { Array(connections.keys) }
    var count: Int { connections.count }

    func contains(_ descriptor: Int32) -> Bool { connections[descriptor] != nil }

    mutating func opened(_ descriptor: Int32, at now: ContinuousClock.Instant) {
        connections[descriptor] = Connection(since: now)
    }

    mutating func closed(_ descriptor: Int32) { connections[descriptor] = nil }

    /// Why a connection has to end, or nil if it may go on.
    mutating func objection(to descriptor: Int32, _ look: Look, at now: ContinuousClock.Instant) -> String? {
        guard var connection = connections[descriptor] else { return nil }
        defer { connections[descriptor] = connection }
        guard connection.delivered == look.delivered, let used = connection.usedBytes else {
            connection.delivered = look.delivered
            connection.receivedBytes = look.receivedBytes
            connection.usedBytes = look.usedBytes
            connection.unreadLooks = 0
            return nil
        }
        if look.delivered == 0, now - connection.since > Self.patience { return "the peer has not said anything" }
        if let received = look.receivedBytes, let before = connection.receivedBytes {
            return received - before > Self.maximumUndelivered ? "the peer sends a message without an end" : nil
        }
        let hasGrown = look.usedBytes - used > Self.maximumGrowth
        if hasGrown, look.hasUnreadBytes { connection.unreadLooks += 1 }
        let isStuck = connection.unreadLooks >= Self.maximumUnreadLooks
        return isStuck ? "the memory grows, and the peer delivers nothing" : nil
    }
}

extension ConnectionGuard.Look {
    /// A connection as it is now.
    init(of descriptor: Int32, delivered: UInt64, usedBytes: Int) {
        let bytes = atelier_tcp_bytes_received(descriptor)
        self.init(
            delivered: delivered, receivedBytes: bytes < 0 ? nil : bytes,
            hasUnreadBytes: bytes < 0 && Self.hasUnreadBytes(descriptor), usedBytes: usedBytes)
    }

    private static func hasUnreadBytes(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        // Several times: libzmq's thread may have emptied it this very moment.
        return (0..<8).contains { _ in recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0 }
    }
}
