import Foundation
import Messaging
import RPC
import RPCServices
import Testing
import Wire

/// Swift Testing has an `Attachment` of its own.
typealias Attachment = RPC.Attachment

/// The transports that the contract holds for.
enum Network: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, ipc, tcp
    /// tcp where both ends prove their keys.
    case curve

    /// One key for both ends, which is never banned: the contract's hostile peers come again and again.
    private static let keys = try? KeyPair.generate()
    private static let allowed: AllowList = {
        var allowed = AllowList()
        if let keys { try? allowed.add(PeerIdentity(name: "tester", role: "tester", key: keys.publicKey)) }
        return allowed
    }()
    private static let security: TransportSecurity? = {
        guard let keys else { return nil }
        var security = TransportSecurity(keys: keys, authenticator: Authenticator(allowed))
        security.banDuration = .zero
        return security
    }()

    var testDescription: String { rawValue }

    /// The keys as files, for a peer in another process; nil where there are none.
    func keyFolder() throws -> URL? {
        guard self == .curve, let keys = Self.keys else { return nil }
        let folder = FileManager.default.temporaryDirectory.appending(path: "atelier-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data(Self.allowed.text.utf8).write(to: folder.appending(path: "allowed"))
        let lines = ["name tester", "role tester", "public \(keys.publicKey.z85)", "secret \(keys.secretText)", ""]
        let file = folder.appending(path: "tester.key")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        return folder
    }

    /// A transport, and an address on it that nobody else uses.
    func make() -> (transport: any Transport, address: String) {
        switch self {
        case .memory: (MemoryTransport(), "memory://contract")
        case .ipc:
            (ZeroMQTransport(), "ipc://\(NSTemporaryDirectory())atelier-\(UUID().uuidString.prefix(13))/socket")
        case .tcp: (ZeroMQTransport(), "tcp://127.0.0.1:0")
        case .curve: (ZeroMQTransport(security: Self.security), "tcp://127.0.0.1:0")
        }
    }
}

/// A server and a client endpoint with one session between them, closed at the end.
struct Pair {
    let server: Endpoint
    let client: Endpoint
    let listener: Listener
    let session: Session
    let transport: any Transport

    var echo: EchoClient { EchoClient(session) }

    /// Runs a body over a fresh pair.
    static func with<Result>(
        _ network: Network, serverConfiguration: EndpointConfiguration = EndpointConfiguration(),
        clientConfiguration: EndpointConfiguration = EndpointConfiguration(),
        services: [ServiceDefinition]? = nil, clientServices: [ServiceDefinition] = [],
        standardBeside: [ServiceDefinition]? = nil,
        _ body: (Pair) async throws -> Result
    ) async throws -> Result {
        let (transport, address) = network.make()
        let server = try Endpoint(name: "server", transport: transport, configuration: serverConfiguration)
        let client = try Endpoint(name: "client", transport: transport, configuration: clientConfiguration)
        let standard = standardBeside.map { StandardServices().beside($0, of: server) }
        let served = standard ?? services ?? [.echo(EchoImplementation())]
        let listener = try await server.listen(address, services: served)
        let session = try await client.dial(listener.address, services: clientServices)
        let pair = Pair(server: server, client: client, listener: listener, session: session, transport: transport)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(pair)) } catch { result = .failure(error) }
        await client.close()
        await server.close()
        if let folder = address.split(separator: "ipc://").last, network == .ipc {
            try? FileManager.default.removeItem(at: URL(fileURLWithPath: String(folder)).deletingLastPathComponent())
        }
        return try result.get()
    }
}
