import Foundation
import Synchronization

/// Takes TCP connections of this machine and knows no protocol: it says nothing, or the same for ever.
final class RawListener: Sendable {
    struct Failure: Error {}

    let port: UInt16
    private let descriptor: Int32

    /// Listens at a free port; a block is sent again and again to the first who comes, until that one hangs up.
    init(says opening: [UInt8] = [], then block: [UInt8] = []) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else {
            close(descriptor)
            throw Failure()
        }
        port = UInt16(bigEndian: address.sin_port)
        guard !opening.isEmpty else { return }
        Thread.detachNewThread {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return }
            var isOpen = Self.send(opening, connection)
            while isOpen, !block.isEmpty { isOpen = Self.send(block, connection) }
            close(connection)
        }
    }

    deinit {
        // What waits in `accept` returns.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// What one says by hand in ZMTP 3.0, without keys (ZeroMQ RFC 23).
enum ZMTPBytes {
    /// The greeting and READY of a socket of a type.
    static func opening(as socketType: String) -> [UInt8] {
        let signature: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        let greeting = signature + [3, 0] + mechanism + [UInt8](repeating: 0, count: 32)
        let property =
            [11] + Array("Socket-Type".utf8) + [0, 0, 0, UInt8(socketType.utf8.count)] + Array(socketType.utf8)
        let ready = [5] + Array("READY".utf8) + property
        return greeting + [4, UInt8(ready.count)] + ready
    }

    /// A long frame that says that another one follows.
    static func endless(megabytes: Int) -> [UInt8] {
        let count = megabytes << 20
        return [3] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * (7 - $0))) }
            + [UInt8](repeating: 7, count: count)
    }
}
