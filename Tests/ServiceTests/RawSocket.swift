import Foundation

/// A connection to a socket of this machine that knows no protocol.
enum RawSocket {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Connects, sends the bytes as far as the other end takes them, and closes.
    static func send(_ bytes: [UInt8], to path: String) throws { _ = try Connection(path: path).send(bytes) }

    /// An open connection, closed with this object.
    final class Connection: Sendable {
        private let descriptor: Int32

        /// Connects to a path.
        convenience init(path: String) throws {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
            try self.init(AF_UNIX, address, path)
        }

        /// Connects to a port of the loopback interface.
        convenience init(port: UInt16) throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try self.init(AF_INET, address, "port \(port)")
        }

        private init<Address>(_ family: Int32, _ address: Address, _ name: String) throws {
            // Not for the programs that other tests start meanwhile.
            descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(description: "no socket") }
            let code = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
            guard code == 0 else { throw Failure(description: "\(name): \(String(cString: strerror(errno)))") }
        }

        deinit { close(descriptor) }

        /// Sends all of it.
        ///
        /// - Returns: false if the other end has hung up, which is its right.
        func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes { buffer in
                    Glibc.send(
                        descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}
