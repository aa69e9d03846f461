/// What a listener knows of its connections that libzmq does not limit: a value without clock or socket.
///
/// libzmq hands on whole messages only, and takes any number of frames for one. So a peer, even one with a key, can send
/// a message without an end and fill the memory, and no option of libzmq stops it. But whoever does that delivers nothing
/// meanwhile: a connection that has taken much and delivered nothing is it.
struct ConnectionGuard {
    /// More than any message of the protocol, with its frames.
    static let maximumUndelivered: Int64 = 8 << 20
    /// Where the system does not count the bytes of a connection, the growth of the process has to say it.
    static let maximumGrowth = 256 << 20
    /// On such connections: an honest peer sends a sign of life more often.
    static let maximumSilence = Duration.milliseconds(1500)
    /// The time that a peer has for its first message.
    static let patience = Duration.seconds(5)

    /// What is looked at, of one connection.
    struct Look {
        /// Messages that it has delivered since it began.
        var delivered: UInt64
        /// Bytes that the system has received on it; nil where nobody counts them.
        var receivedBytes: Int64?
        /// The memory of the process.
        var residentBytes: Int
    }

    private struct Connection {
        let since: ContinuousClock.Instant
        var lastDelivery: ContinuousClock.Instant
        var delivered: UInt64 = 0
        /// At the first look after the last delivery.
        var receivedBytes: Int64?
        var residentBytes: Int?
    }

    private var connections: [Int32: Connection] = [:]

    var descriptors: [Int32] { Array(connections.keys) }
    var count: Int { connections.count }

    func contains(_ descriptor: Int32) -> Bool { connections[descriptor] != nil }

    mutating func opened(_ descriptor: Int32, at now: ContinuousClock.Instant) {
        connections[descriptor] = Connection(since: now, lastDelivery: now)
    }

    mutating func closed(_ descriptor: Int32) { connections[descriptor] = nil }

    /// Why a connection has to end, or nil if it may go on.
    mutating func objection(to descriptor: Int32, _ look: Look, at now: ContinuousClock.Instant) -> String? {
        guard var connection = connections[descriptor] else { return nil }
        defer { connections[descriptor] = connection }
        guard connection.delivered == look.delivered, let resident = connection.residentBytes else {
            connection.delivered = look.delivered
            connection.lastDelivery = now
            connection.receivedBytes = look.receivedBytes
            connection.residentBytes = look.residentBytes
            return nil
        }
        if look.delivered == 0, now - connection.since > Self.patience { return "the peer has not said anything" }
        if let received = look.receivedBytes, let before = connection.receivedBytes {
            return received - before > Self.maximumUndelivered ? "the peer sends a message without an end" : nil
        }
        let isSilent = now - connection.lastDelivery > Self.maximumSilence
        let hasGrown = look.residentBytes - resident > Self.maximumGrowth
        return isSilent && hasGrown ? "the memory grows, and the peer delivers nothing" : nil
    }
}
