internal import CZeroMQ

#if canImport(Glibc)
    internal import Glibc
#endif

/// A libzmq socket with the options that every socket here has.
///
/// Touched by one reactor only.
final class ZeroMQSocket {
    /// What became of a message that was to be sent.
    enum SendResult {
        case sent
        /// The high-water mark is reached.
        case full
        /// The peer is gone.
        case gone
    }

    /// A received message.
    enum Received {
        case message
        /// More frames than any message of the protocol has; they were dropped.
        case tooManyFrames
    }

    /// Where a message came from.
    struct Origin {
        let descriptor: Int32
        /// The key that the sender has proved, as the ZAP handler passed it on; nil without one.
        let key: PublicKey?
        /// The sender's address: of ipc, its user, group and process.
        let address: String

        init(of message: inout zmq_msg_t) {
            descriptor = zmq_msg_get(&message, ZMQ_SRCFD)
            key = zmq_msg_gets(&message, "User-Id").flatMap { PublicKey(z85: String(cString: $0)) }
            address = zmq_msg_gets(&message, "Peer-Address").map { String(cString: $0) } ?? ""
        }
    }

    /// A message has at most header, head, body and 16 attachments.
    private static let maximumFrames = 19
    /// Of a message without attachments.
    private static let usualFrames = 3
    /// Smaller frames are copied into the message: 33 bytes lie in it anyway, and the rest costs less than a callback.
    private static let copyLimit = 1024
    /// An hour, in milliseconds: a socket whose connection has ended is closed at once.
    ///
    /// libzmq's own never (-1), and `ZMQ_IMMEDIATE`, drop what had come before the end and was not read yet.
    private static let never: Int32 = 3_600_000
    /// The largest frame that may arrive: an unauthenticated peer could make us allocate more without it.
    static let maximumFrameBytes: Int64 = 4 << 20

    let handle: UnsafeMutableRawPointer
    /// Can be read when libzmq's thread has news for the socket; which news, only the socket itself can tell.
    let descriptor: Int32
    /// Whether the socket may hold messages that the descriptor says nothing of.
    ///
    /// libzmq takes the news in within other calls too; then it has to be asked, until there is none.
    private(set) var mayBeSilent = true

    init(_ kind: Int32) throws(MessagingError) {
        handle = try ZeroMQContext.process.socket(kind)
        descriptor = Self.option(ZMQ_FD, of: handle)
        // No heartbeats of ZMTP: sessions have their own, and libzmq aborts if it is time for one on a connection that has broken
        // while its messages found no room (issue 4841).
        let options: [(Int32, Int32)] = [
            (ZMQ_LINGER, 0), (ZMQ_SNDHWM, 1024), (ZMQ_RCVHWM, 1024), (ZMQ_RECONNECT_IVL, Self.never),
            (ZMQ_HANDSHAKE_IVL, 5000), (ZMQ_BACKLOG, 1024),
            (ZMQ_TCP_KEEPALIVE, 1), (ZMQ_TCP_KEEPALIVE_IDLE, 30), (ZMQ_TCP_KEEPALIVE_INTVL, 10),
            (ZMQ_TCP_KEEPALIVE_CNT, 3),
        ]
        for (option, value) in options { set(option, value) }
        var limit = Self.maximumFrameBytes
        zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &limit, 8)
    }

    func set(_ option: Int32, _ value: Int32) {
        var value = value
        let result = zmq_setsockopt(handle, option, &value, 4)
        precondition(result == 0, "libzmq refused option \(option) = \(value): \(zeroMQErrorText())")
    }

    private static func option(_ option: Int32, of handle: UnsafeMutableRawPointer) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        let result = zmq_getsockopt(handle, option, &value, &size)
        precondition(result == 0, "libzmq does not tell option \(option): \(zeroMQErrorText())")
        return value
    }

    /// Whether a message can be sent, as far as libzmq knows now.
    func canSend() -> Bool {
        let events = Self.option(ZMQ_EVENTS, of: handle)
        if events & ZMQ_POLLIN != 0 { mayBeSilent = true }
        return events & ZMQ_POLLOUT != 0
    }

    /// Lets the socket use IPv6 for an address that needs it; it would show IPv4 addresses as IPv6 otherwise.
    func prepare(for endpoint: String) {
        if endpoint.hasPrefix("tcp://[") { set(ZMQ_IPV6, 1) }
    }

    /// The address that the last bind gave.
    var lastEndpoint: String {
        var buffer = [CChar](repeating: 0, count: 512)
        var size = buffer.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0, size > 0 else { return "" }
        return String(decoding: buffer[..<(size - 1)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func close(linger: Int32) {
        set(ZMQ_LINGER, linger)
        zmq_close(handle)
    }

    // MARK: Sending

    /// Sends a message; a ROUTER sends it to the connection with the identity.
    func send(_ frames: [Frame], to identity: Frame? = nil) -> SendResult {
        mayBeSilent = true
        if let identity {
            let result = send(identity, hasMore: true)
            guard case .sent = result else { return result }
        }
        for (index, frame) in frames.enumerated() {
            let result = send(frame, hasMore: index + 1 < frames.count)
            guard case .sent = result else { return result }
        }
        return .sent
    }

    private func send(_ frame: Frame, hasMore: Bool) -> SendResult {
        var message = Self.message(frame)
        while zmq_msg_send(&message, handle, ZMQ_DONTWAIT | (hasMore ? ZMQ_SNDMORE : 0)) < 0 {
            let error = zmq_errno()
            if error == EINTR { continue }
            zmq_msg_close(&message)
            return error == EAGAIN ? .full : .gone
        }
        return .sent
    }

    private static func message(_ frame: Frame) -> zmq_msg_t {
        var message = zmq_msg_t()
        if case .buffer(let buffer, let range) = frame, range.count > copyLimit, let base = buffer.baseAddress {
            // libzmq calls back on its own thread once the bytes have left; until then it holds the buffer.
            let owner = Unmanaged.passRetained(buffer).toOpaque()
            let result = zmq_msg_init_data(
                &message, base + range.lowerBound, range.count,
                { _, owner in
                    if let owner { Unmanaged<ByteBuffer>.fromOpaque(owner).release() }
                }, owner)
            precondition(result == 0, "no memory for a message")
            return message
        }
        let result = zmq_msg_init_size(&message, frame.count)
        precondition(result == 0, "no memory for a message of \(frame.count) bytes")
        frame.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress, !bytes.isEmpty { memcpy(zmq_msg_data(&message), base, bytes.count) }
        }
        return message
    }

    // MARK: Receiving

    /// The next message, or nil when there is none.
    ///
    /// Its frames replace what is in the list, whose memory is used again.
    func receive(into frames: inout [Frame]) -> Received? {
        var first = zmq_msg_t()
        return receive(&first) ? .some(rest(from: &first, into: &frames)) : nil
    }

    /// The next message of a ROUTER, or nil when there is none; its first frame, the peer's routing id, is apart.
    ///
    /// `origin` receives where it came from, unless the routing id is `known`.
    func receive(
        into frames: inout [Frame], identity: inout SmallBytes, origin: inout Origin?, known: (SmallBytes) -> Bool
    ) -> Received? {
        var message = zmq_msg_t()
        guard receive(&message) else { return nil }
        // No peer of ours sets a longer one; a longer one of somebody else's is nobody's.
        let size = min(zmq_msg_size(&message), SmallBytes.capacity)
        identity = SmallBytes(count: size) { $0.copyMemory(from: .init(start: zmq_msg_data(&message), count: size)) }
        zmq_msg_close(&message)
        // libzmq hands on whole messages only, and there is none of an identity alone.
        var first = zmq_msg_t()
        guard receive(&first) else { return nil }
        // The routing id does not know where it came from.
        if !known(identity) { origin = Origin(of: &first) }
        return rest(from: &first, into: &frames)
    }

    private func receive(_ message: inout zmq_msg_t) -> Bool {
        mayBeSilent = true
        zmq_msg_init(&message)
        while zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
            if zmq_errno() == EINTR { continue }
            zmq_msg_close(&message)
            mayBeSilent = false
            return false
        }
        return true
    }

    /// The frames of a message from its first one on.
    private func rest(from first: inout zmq_msg_t, into frames: inout [Frame]) -> Received {
        frames.removeAll(keepingCapacity: true)
        frames.reserveCapacity(Self.usualFrames)
        var hasMore = zmq_msg_more(&first) != 0
        frames.append(Self.frame(&first))
        var isTooLong = false
        while hasMore {
            var message = zmq_msg_t()
            guard receive(&message) else { break }
            hasMore = zmq_msg_more(&message) != 0
            isTooLong = isTooLong || frames.count == Self.maximumFrames
            if isTooLong { zmq_msg_close(&message) } else { frames.append(Self.frame(&message)) }
        }
        return isTooLong ? .tooManyFrames : .message
    }

    private static func frame(_ message: inout zmq_msg_t) -> Frame {
        let size = zmq_msg_size(&message)
        defer { zmq_msg_close(&message) }
        guard size <= copyLimit else { return .received(ReceivedFrame(moving: &message)) }
        if size <= SmallBytes.capacity {
            return .small(
                SmallBytes(count: size) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: size))
                })
        }
        let bytes = [UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: size))
        return .bytes(bytes)
    }
}
