#if canImport(Glibc)
    internal import Glibc
#endif

/// An address that may be bound: ipc in a private folder, or tcp on the loopback interface.
///
/// Everything else would let strangers in, and is refused until connections are authenticated by keys.
struct BindAddress {
    /// The address as libzmq takes it.
    let endpoint: String
    /// Held as long as the address is bound; libzmq itself would let a second process take an ipc path over.
    let lock: FileLock?

    /// Reads an address, and locks an ipc path.
    ///
    /// - Throws: ``MessagingError`` invalidAddress, refusedAddress, addressInUse or system.
    init(_ address: String) throws(MessagingError) {
        if let path = address.suffix(after: "ipc://") {
            (endpoint, lock) = (address, try Self.lockedPath(path, of: address))
        } else if let rest = address.suffix(after: "tcp://") {
            (endpoint, lock) = (try Self.loopback(rest, of: address), nil)
        } else {
            throw MessagingError(.invalidAddress, "\(address): not of the form ipc://PATH or tcp://HOST:PORT")
        }
    }

    /// An address to dial, as libzmq takes it: it would resolve `localhost` to the IPv6 loopback only.
    static func dialled(_ address: String) throws(MessagingError) -> String {
        if let path = address.suffix(after: "ipc://"), !path.isEmpty { return address }
        if let rest = address.suffix(after: "tcp://"), let (host, port) = split(rest), (UInt16(port) ?? 0) > 0 {
            return "tcp://\(host == "localhost" ? "127.0.0.1" : host):\(port)"
        }
        throw MessagingError(.invalidAddress, "\(address): not of the form ipc://PATH or tcp://HOST:PORT")
    }

    private static func split(_ rest: String) -> (host: String, port: String)? {
        guard let colon = rest.lastIndex(of: ":"), colon != rest.startIndex else { return nil }
        return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
    }

    private static func loopback(_ rest: String, of address: String) throws(MessagingError) -> String {
        guard let (host, port) = split(rest), port == "*" || UInt16(port) != nil else {
            throw MessagingError(.invalidAddress, "\(address): not of the form tcp://HOST:PORT")
        }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        let isIPv4Loopback = octets.count == 4 && octets[0] == 127 && !octets.contains(nil)
        guard host == "localhost" || host == "[::1]" || isIPv4Loopback else {
            throw MessagingError(
                .refusedAddress,
                "\(address): only loopback and ipc addresses can be bound: keys are required for others, and they are "
                    + "not available yet")
        }
        return "tcp://\(host == "localhost" ? "127.0.0.1" : host):\(port == "0" ? "*" : port)"
    }

    private static func lockedPath(_ path: String, of address: String) throws(MessagingError) -> FileLock {
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            throw MessagingError(.invalidAddress, "\(address): an ipc address needs an absolute path")
        }
        guard path.utf8.count < 108 else {
            throw MessagingError(.invalidAddress, "\(address): \(path.utf8.count) bytes of path, a socket takes 107")
        }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw MessagingError(
                .system, "\(address): cannot make the folder \(folder): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw MessagingError(.invalidAddress, "\(address): \(folder) is not a folder")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw MessagingError(
                .refusedAddress, "\(address): others may enter the folder \(folder): use one with mode 0700")
        }
        return try FileLock(path: path + ".lock", address: address)
    }
}

/// An advisory lock on a file, held until this object goes; the kernel lets go of it when the process dies.
final class FileLock: Sendable {
    private let descriptor: Int32

    init(path: String, address: String) throws(MessagingError) {
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MessagingError(.system, "\(address): cannot open \(path): \(String(cString: strerror(errno)))")
        }
        // `deinit` closes the descriptor: it runs for a throw from here on, as everything is initialised. Closing it here
        // as well would close whatever another thread has opened in between.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw MessagingError(.addressInUse, "\(address): in use by another process")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}

extension String {
    /// What follows a prefix, or nil without it.
    fileprivate func suffix(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
