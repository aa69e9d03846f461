import Foundation

/// Where others reach a service, which is not always where it listens.
public struct AdvertisedAddress: Sendable {
    private static let wildcards: Set<String> = ["*", "0.0.0.0", "[::]"]

    private let host: String?
    private let port: String?

    /// Looks at what was asked for, before anything is bound.
    ///
    /// - Parameters:
    ///   - bound: the address to listen at.
    ///   - advertised: `HOST` or `HOST:PORT` of `--advertise`; nil if it was not given.
    /// - Throws: `ServiceError`: refused when nobody could be told where the service is; usage for what is no host.
    public init(listeningAt bound: String, advertised: String?) throws(ServiceError) {
        guard let advertised else {
            guard !Self.isWildcard(bound) else {
                throw ServiceError(
                    "\(bound) is no address that others can dial: say with --advertise HOST where they find it",
                    exitCode: .refused)
            }
            (host, port) = (nil, nil)
            return
        }
        guard bound.hasPrefix("tcp://") else {
            throw ServiceError("--advertise is for tcp addresses, and this one is \(bound)", exitCode: .usage)
        }
        let (host, port) = Self.split(advertised)
        let isHost = !host.isEmpty && host.allSatisfy { $0.isLetter || $0.isNumber || "-._[]:%".contains($0) }
        guard isHost, !Self.wildcards.contains(host), host.contains(":") == host.hasPrefix("["),
            port.map({ UInt16($0) ?? 0 > 0 }) ?? true
        else {
            throw ServiceError(
                "--advertise \(advertised): not HOST or HOST:PORT (an IPv6 address stands in brackets)",
                exitCode: .usage)
        }
        (self.host, self.port) = (host, port)
    }

    /// What others are told, with the port and the key of the listener.
    ///
    /// - Parameter listening: the listener's address, `tcp://0.0.0.0:4000#…`.
    /// - Returns: an address that can be dialled, `tcp://head:4000#…`.
    public func address(of listening: String) -> String {
        guard let host, let colon = listening.prefix(while: { $0 != "#" }).lastIndex(of: ":") else { return listening }
        let (bound, key) = (listening[listening.index(after: colon)...], listening.firstIndex(of: "#"))
        return
            "tcp://\(host):\(port ?? String(bound.prefix { $0 != "#" }))\(key.map { String(listening[$0...]) } ?? "")"
    }

    private static func isWildcard(_ address: String) -> Bool {
        address.hasPrefix("tcp://") && wildcards.contains(split(String(address.dropFirst("tcp://".count))).host)
    }

    private static func split(_ text: String) -> (host: String, port: String?) {
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else { return (text, nil) }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
