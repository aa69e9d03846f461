import Foundation
import Messaging
import RPC

/// The keys of a test: a list in a file, which can be changed, and a transport for every holder.
final class KeyRing: Sendable {
    let folder: URL
    let server: KeyPair
    let authenticator: Authenticator
    var file: URL { folder.appending(path: "allowed") }

    /// A list with nobody on it but `holders`.
    init(_ holders: [(name: String, role: String, keys: KeyPair)]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        server = try KeyPair.generate()
        let file = folder.appending(path: "allowed")
        try Self.write(holders, to: file)
        authenticator = try Authenticator(file: file.path)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Replaces the list in the file.
    func allow(_ holders: [(name: String, role: String, keys: KeyPair)]) throws { try Self.write(holders, to: file) }

    private static func write(_ holders: [(name: String, role: String, keys: KeyPair)], to file: URL) throws {
        var allowed = AllowList()
        for holder in holders {
            try allowed.add(PeerIdentity(name: holder.name, role: holder.role, key: holder.keys.publicKey))
        }
        // Whole at once: the list may be read at any moment.
        try Data(allowed.text.utf8).write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }

    /// The transport of the server, whose peers' bans last so long.
    func listening(banDuration: Duration = .zero) -> ZeroMQTransport {
        var security = TransportSecurity(keys: server, authenticator: authenticator)
        security.banDuration = banDuration
        return ZeroMQTransport(security: security)
    }

    /// The transport of a holder.
    func dialling(_ keys: KeyPair) -> ZeroMQTransport { ZeroMQTransport(security: TransportSecurity(keys: keys)) }
}
