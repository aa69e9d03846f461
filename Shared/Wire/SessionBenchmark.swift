import Messaging
import RPC

/// Measures how long it takes until many sessions with keys are open at one listener: a coordinator that was restarted
/// gets all of them at once.
public struct SessionBenchmark: Sendable {
    /// What was measured.
    public struct Measurement: Codable, Sendable {
        /// Where the server listened.
        public var address: String
        /// Sessions that were opened.
        public var sessions: Int
        /// From the first dial to the last handshake, both ends in this process.
        public var seconds: Double
    }

    /// Sessions to open, all dialled at once.
    public var sessions = 1000
    /// Endpoints that dial, each with a thread of its own.
    public var endpoints = 10

    /// The usual sizes.
    public init() {}

    /// Runs the benchmark at an address such as `tcp://127.0.0.1:0`.
    ///
    /// - Throws: ``RPCStatus``, or `KeyError` without CURVE.
    public func run(address: String) async throws -> Measurement {
        let (serverKeys, clientKeys) = (try KeyPair.generate(), try KeyPair.generate())
        var allowed = AllowList()
        try allowed.add(PeerIdentity(name: "client", role: "client", key: clientKeys.publicKey))
        let server = try Endpoint(
            name: "server",
            transport: ZeroMQTransport(
                security: TransportSecurity(keys: serverKeys, authenticator: Authenticator(allowed))))
        var configuration = EndpointConfiguration()
        configuration.connectTimeout = .seconds(60)
        configuration.handshakeTimeout = .seconds(60)
        let clients = try (0..<endpoints).map { _ in
            try Endpoint(
                name: "client", transport: ZeroMQTransport(security: TransportSecurity(keys: clientKeys)),
                configuration: configuration)
        }
        let bound = try await server.listen(address).address
        let clock = ContinuousClock()
        let time = try await clock.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<sessions {
                    let client = clients[number % endpoints]
                    group.addTask { _ = try await client.dial(bound) }
                }
                try await group.waitForAll()
            }
        }
        for client in clients { await client.close() }
        await server.close()
        return Measurement(address: bound, sessions: sessions, seconds: time / .seconds(1))
    }
}
