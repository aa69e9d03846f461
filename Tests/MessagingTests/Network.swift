import Foundation
import Messaging
import RPC
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
    private static let security: TransportSecurity? = {
        guard let keys = try? KeyPair.generate() else { return nil }
        var allowed = AllowList()
        try? allowed.add(PeerIdentity(name: "tester", role: "tester", key: keys.publicKey))
        var security = TransportSecurity(keys: keys, authenticator: Authenticator(allowed))
        security.banDuration = .zero
        return security
    }()

    var testDescription: String { rawValue }

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
        _ body: (Pair) async throws -> Result
    ) async throws -> Result {
        let (transport, address) = network.make()
        let server = try Endpoint(name: "server", transport: transport, configuration: serverConfiguration)
        let client = try Endpoint(name: "client", transport: transport, configuration: clientConfiguration)
        let listener = try await server.listen(address, services: services ?? [.echo(EchoImplementation())])
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
