import Messaging
import RPC
import Testing
import Wire

/// A channel has a session as long as somebody has the channel, and calls on it as long as its endpoint is open.
@Suite("Channel lifetime", .timeLimit(.minutes(1)))
struct ChannelLifetimeTests {
    @Test(arguments: Network.allCases)
    func aChannelThatNobodyHoldsEndsItsSession(network: Network) async throws {
        try await Pair.with(network) { pair in
            for _ in 0..<5 {
                _ = try await EchoClient(pair.client.channel(pair.listener.address)).unary(EchoRequest())
            }
            // One is the pair's own.
            while pair.listener.sessions.count > 1 { await Task.yield() }
        }
    }

    @Test func aStreamHoldsTheChannelThatItCameFrom() async throws {
        var configuration = EndpointConfiguration()
        // So long calls may take once a channel is not needed any more.
        configuration.defaultTimeout = .milliseconds(50)
        try await Pair.with(.memory, clientConfiguration: configuration) { pair in
            let end = ContinuousClock.now + .milliseconds(400)
            let options = CallOptions(timeout: .seconds(30))
            let stream = try await EchoClient(pair.client.channel(pair.listener.address))
                .serverStream(EchoRequest(number: .max), options: options)
            for try await _ in stream where ContinuousClock.now > end { break }
        }
    }

    @Test func aCallThatWaitsForASessionEndsWithItsEndpoint() async throws {
        let transport = WatchedTransport()
        let client = try Endpoint(name: "client", transport: transport)
        let echo = EchoClient(client.channel("memory://nobody"))
        let options = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)
        let call = Task { try await echo.unary(EchoRequest(), options: options) }
        while transport.attempts == 0 { await Task.yield() }
        await client.close()
        let status = await #expect(throws: RPCStatus.self) { try await call.value }
        #expect(status?.code == .cancelled)
        #expect(status?.message == "client: the endpoint is closed")
    }
}
