#if canImport(Glibc)
    internal import Glibc
#endif

/// An address that may be bound: ipc in a private folder, tcp on the loopback interface, and with keys any other of tcp.
///
/// Without keys everything else would let strangers in.
struct BindAddress {
    /// The address as libzmq takes it.
    let endpoint: String
    /// Held as long as the address is bound; libzmq itself would let a second process take an ipc path over.
    let lock: PathLock?

    /// Reads an address, and locks an ipc path.
    ///
    /// - Throws: ``MessagingError`` invalidAddress, refusedAddress, addressInUse or system.
    init(_ address: String, demandsKeys: Bool) throws(MessagingError) {
        if let path = address.suffix(after: "ipc://") {
            (endpoint, lock) = (address, try Self.lockedPath(path, of: address))
        } else if let rest = address.suffix(after: "tcp://") {
            (endpoint, lock) = (try Self.tcp(rest, of: address, demandsKeys: demandsKeys), nil)
        } else {
            throw MessagingError(.invalidAddress, "\(address): not of the form ipc://PATH or tcp://HOST:PORT")
        }
    }

    /// An address to dial as libzmq takes it, which would resolve `localhost` to the IPv6 loopback only, and the
    /// listener's key, if the address names it: `tcp://host:4000#` and 64 hexadecimal digits.
    ///
    /// - Throws: ``MessagingError`` invalidAddress.
    static func dialled(_ address: String) throws(MessagingError) -> (endpoint: String, key: PublicKey?) {
        guard let mark = address.firstIndex(of: "#") else { return (try endpoint(address), nil) }
        guard let key = PublicKey(hexadecimal: String(address[address.index(after: mark)...])) else {
            throw MessagingError(.invalidAddress, "\(address): what follows '#' is not a key of 64 hexadecimal digits")
        }
        return (try endpoint(String(address[..<mark])), key)
    }

    private static func endpoint(_ address: String) throws(MessagingError) -> String {
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

    private static func tcp(
        _ rest: String, of address: String, demandsKeys: Bool
    ) throws(MessagingError) -> String {
        guard let (host, port) = split(rest), port == "*" || UInt16(port) != nil else {
            throw MessagingError(.invalidAddress, "\(address): not of the form tcp://HOST:PORT")
        }
        guard demandsKeys || isLoopback(host) else {
            throw MessagingError(
                .refusedAddress,
                "\(address): others could reach this address, so keys are required: make them with `atelier keys init "
                    + "FOLDER`, and give them with --keys FOLDER")
        }
        return "tcp://\(host == "localhost" ? "127.0.0.1" : host):\(port == "0" ? "*" : port)"
    }

    private static func isLoopback(_ host: String) -> Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        let isIPv4Loopback = octets.count == 4 && octets[0] == 127 && !octets.contains(nil)
        return host == "localhost" || host == "[::1]" || isIPv4Loopback
    }

    /// Whether other machines may reach an address of tcp.
    static func isPublic(_ address: String) -> Bool {
        guard let rest = address.suffix(after: "tcp://"), let (host, _) = split(rest) else { return false }
        return !isLoopback(host)
    }

    private static func lockedPath(_ path: String, of address: String) throws(MessagingError) -> PathLock {
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            throw MessagingError(.invalidAddress, "\(address): an ipc address needs an absolute path")
        }
        guard path.utf8.count < 108 else {
            throw MessagingError(.invalidAddress, "\(address): \(path.utf8.count) bytes of path, a socket takes 107")
        }
        return try PathLock(path, of: address)
    }
}

extension String {
    /// What follows a prefix, or nil without it.
    fileprivate func suffix(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
