internal import CZeroMQ

/// The libzmq context of this process.
///
/// There is one, and it lives until the process ends: terminating a context of libzmq 4.3.4 can crash the others
/// (libzmq issue 4242). libzmq documents a context as thread-safe, which is why this may be `Sendable`.
final class ZeroMQContext: @unchecked Sendable {
    static let process = ZeroMQContext()

    private let handle: UnsafeMutableRawPointer?
    private let memoryTimer = KeptMemory.watch()

    private init() {
        // The chunks of a large transfer come and go, and glibc would return their memory to the system each time, to have it
        // cleared anew. It comes to these values by itself in a process that has freed a block of 32 MiB.
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)
        handle = zmq_ctx_new()
        if let handle { zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 16_384) }
    }

    /// A socket of a kind, `ZMQ_DEALER` and so on.
    ///
    /// - Throws: ``MessagingError`` system, when descriptors or memory are used up.
    func socket(_ kind: Int32) throws(MessagingError) -> UnsafeMutableRawPointer {
        guard let handle, let socket = zmq_socket(handle, kind) else {
            throw MessagingError(.system, "no socket left (\(zeroMQErrorText())): raise `ulimit -n`")
        }
        return socket
    }
}

/// What libzmq says of the last error of this thread.
func zeroMQErrorText() -> String {
    zmq_strerror(zmq_errno()).map { String(cString: $0) } ?? "error \(zmq_errno())"
}
