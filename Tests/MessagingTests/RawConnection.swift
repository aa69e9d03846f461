import Foundation

/// A TCP connection to this machine that knows no protocol.
final class RawConnection: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32

    /// Connects to a port of the loopback interface.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(description: "port \(port): \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(descriptor)
    }

    /// The port of an address such as `tcp://127.0.0.1:4000#…`.
    static func port(of address: String) -> UInt16 {
        address.prefix { $0 != "#" }.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }

    /// Sends bytes, as far as the other end takes them.
    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Reads until the other end hangs up; false if it has not within the time.
    func isHungUp(within seconds: Int) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = Date(timeIntervalSinceNow: Double(seconds))
        while Date() < end {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 100) > 0 else { continue }
            if recv(descriptor, &buffer, buffer.count, 0) <= 0 { return true }
        }
        return false
    }
}
