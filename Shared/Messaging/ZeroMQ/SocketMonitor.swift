internal import CZeroMQ
import Synchronization

/// Tells what happens to the connections of a socket.
///
/// Touched by the socket's reactor only.
final class SocketMonitor {
    enum Event {
        /// Somebody has connected, and has still to say who it is.
        case accepted(descriptor: Int32)
        /// We have connected, and the peer has still to say who it is.
        case connected(descriptor: Int32)
        /// The connection can be used.
        case ready
        /// A connection has ended.
        case disconnected(descriptor: Int32)
        /// A socket of the system was closed: the listening one, or one that never got a connection.
        case closed
        /// There will be no connection.
        case failed(HandshakeFailure)
        /// The socket is no more; nothing follows.
        case stopped
    }

    /// Why there will be no connection.
    enum HandshakeFailure {
        /// The peer knows who we are, and does not want us.
        case refused
        /// The peer wants another mechanism, or other bytes altogether.
        case protocolMismatch
        /// The peer hung up, or said nothing.
        case noDetail
    }

    private static let serial = Atomic<UInt64>(0)

    let socket: ZeroMQSocket

    init(of monitored: ZeroMQSocket) throws(MessagingError) {
        let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
        let address = "inproc://monitor-\(number)"
        let events =
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
            | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_MONITOR_STOPPED
        guard zmq_socket_monitor(monitored.handle, address, events) == 0 else {
            throw MessagingError(.system, "cannot watch a socket: \(zeroMQErrorText())")
        }
        socket = try ZeroMQSocket(ZMQ_PAIR)
        // An event that finds no room would block libzmq's thread, and all connections with it.
        socket.set(ZMQ_RCVHWM, 0)
        guard zmq_connect(socket.handle, address) == 0 else {
            let text = zeroMQErrorText()
            socket.close(linger: 0)
            throw MessagingError(.system, "cannot watch a socket: \(text)")
        }
    }

    /// The next event, or nil when there is none.
    func next() -> Event? {
        var frames: [Frame] = []
        while case .message = socket.receive(into: &frames) {
            guard let first = frames.first, first.count >= 6 else { continue }
            let (kind, value) = first.withUnsafeBytes { bytes in
                (Int32(bytes.loadUnaligned(as: UInt16.self)), bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self))
            }
            switch kind {
            case ZMQ_EVENT_ACCEPTED: return .accepted(descriptor: value)
            case ZMQ_EVENT_CONNECTED: return .connected(descriptor: value)
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .ready
            case ZMQ_EVENT_DISCONNECTED: return .disconnected(descriptor: value)
            case ZMQ_EVENT_CLOSED: return .closed
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .failed(.refused)
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .failed(.protocolMismatch)
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .failed(.noDetail)
            case ZMQ_EVENT_MONITOR_STOPPED: return .stopped
            default: continue
            }
        }
        return nil
    }
}
