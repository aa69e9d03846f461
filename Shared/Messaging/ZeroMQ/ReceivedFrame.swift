internal import CZeroMQ

/// A frame in libzmq's memory, released with this object.
///
/// The bytes do not change after they were received, which is why it may be `Sendable`. They are lent to closures only:
/// the optimiser may release a frame before the last use of a pointer that was taken out of it.
public final class ReceivedFrame: @unchecked Sendable {
    private let message: UnsafeMutablePointer<zmq_msg_t>
    @usableFromInline let data: UnsafeRawPointer?

    /// The number of bytes.
    public let count: Int

    /// Takes over a received message, and leaves an empty one.
    init(moving source: inout zmq_msg_t) {
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
        zmq_msg_move(message, &source)
        count = zmq_msg_size(message)
        data = zmq_msg_data(message).map { UnsafeRawPointer($0) }
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    @inlinable
    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: data, count: count))
    }
}
