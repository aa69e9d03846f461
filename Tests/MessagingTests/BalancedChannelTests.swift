import Messaging
import RPC
import Testing
import Wire

/// What a channel to several servers does when their list changes, when one refuses it, and when one is busy.
@Suite("A channel to several servers", .timeLimit(.minutes(1)))
struct BalancedChannelTests {
    /// A server of echoes that counts its calls.
    private struct Server {
        let endpoint: Endpoint
        let listener: Listener
        let echo = EchoImplementation()
        private let metrics = CallMetrics()

        init(_ name: String, _ transport: any Transport) async throws {
            var configuration = EndpointConfiguration()
            configuration.metrics = metrics
            configuration.heartbeat = .milliseconds(50)
            endpoint = try Endpoint(name: name, transport: transport, configuration: configuration)
            listener = try await endpoint.listen("memory://\(name)", services: [.echo(echo)])
        }

        var address: String { listener.address }

        var calls: Int {
            metrics.figures[CallMetrics.Key(method: "atelier.echo.Echo/Unary", isClient: false)]?.started ?? 0
        }
    }

    private static let patient = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)

    /// Opens calls that do not end by themselves, one after the other.
    private static func hold(_ count: Int, _ echo: EchoClient, at servers: [Server]) async -> [Task<Void, any Error>] {
        var calls: [Task<Void, any Error>] = []
        for _ in 0..<count {
            let before = servers.reduce(0) { $0 + $1.calls }
            calls.append(Task { _ = try await echo.unary(EchoRequest(delayUs: 3_600_000_000), options: Self.patient) })
            while servers.reduce(0, { $0 + $1.calls }) == before { await Task.yield() }
        }
        return calls
    }

    @Test func aResolverMayRepeatItselfWhileCallsWait() async throws {
        let transport = MemoryTransport()
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .roundRobin)
        let calls = (0..<3).map { number in
            Task {
                try await EchoClient(channel).unary(EchoRequest(number: number), options: Self.patient).message.number
            }
        }
        for _ in 0..<1000 {
            channel.update([])
            await Task.yield()
        }
        let server = try await Server("late", transport)
        channel.update([server.address])
        for (number, call) in calls.enumerated() { #expect(try await call.value == UInt32(number)) }
        await client.close()
        await server.endpoint.close()
    }

    @Test func aCallThatWaitsForAServerEndsWithItsTask() async throws {
        let client = try Endpoint(name: "client", transport: MemoryTransport())
        let channel = client.balancedChannel("echo", policy: .roundRobin)
        for _ in 0..<100 {
            let call = Task { try await EchoClient(channel).unary(EchoRequest(), options: Self.patient) }
            await Task.yield()
            call.cancel()
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            #expect(status?.code == .cancelled)
        }
        await client.close()
    }

    @Test func aCallThatWaitsForAServerEndsWithItsEndpoint() async throws {
        let transport = WatchedTransport()
        let client = try Endpoint(name: "client", transport: transport)
        let nobody = client.balancedChannel("nobody", policy: .roundRobin)
        let gone = client.balancedChannel("gone", policy: .roundRobin)
        gone.update(["memory://gone"])
        let calls = [nobody, gone].map { channel in
            Task { try await EchoClient(channel).unary(EchoRequest(), options: Self.patient) }
        }
        while transport.attempts == 0 { await Task.yield() }
        await client.close()
        for call in calls {
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            #expect(status?.message == "client: the endpoint is closed")
        }
    }

    @Test func aServerThatWasBusyGetsCallsAgainWhenItSaysThatItIsNot() async throws {
        let transport = MemoryTransport()
        let (busy, idle) = (try await Server("busy", transport), try await Server("idle", transport))
        let other = try Endpoint(name: "other", transport: transport)
        let others = await Self.hold(5, EchoClient(try await other.dial(busy.address)), at: [busy])
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .leastLoaded)
        channel.update([busy.address, idle.address])
        let echo = EchoClient(channel)
        var inARow = 0
        while inARow < 100 {
            let before = idle.calls
            _ = try await echo.unary(EchoRequest())
            inARow = idle.calls > before ? inARow + 1 : 0
        }
        for call in others { call.cancel() }
        let before = busy.calls
        for _ in 0..<1000 where busy.calls == before {
            _ = try await echo.unary(EchoRequest())
            // Longer than the heartbeat with which it is told.
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(busy.calls > before)
        for endpoint in [client, other, busy.endpoint, idle.endpoint] { await endpoint.close() }
    }

    @Test func aServerThatLeavesWithCallsAndReturnsIsNotTakenForIdle() async throws {
        let transport = MemoryTransport()
        let servers = [try await Server("left", transport), try await Server("right", transport)]
        let (left, right) = (servers[0], servers[1])
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .leastLoaded)
        channel.update([left.address])
        let early = await Self.hold(5, EchoClient(channel), at: [left])
        channel.update([right.address])
        channel.update([left.address, right.address])
        for call in early {
            call.cancel()
            _ = await call.result
        }
        while left.echo.journal.count("cancelled") < 5 { await Task.yield() }
        let before = servers.map(\.calls)
        let held = await Self.hold(6, EchoClient(channel), at: servers)
        // With fewer calls each time; what it last said of its own load may be off by a heartbeat.
        #expect(right.calls - before[1] >= 2, "\(servers.map(\.calls)) after \(before)")
        for call in held { call.cancel() }
        for endpoint in [client, left.endpoint, right.endpoint] { await endpoint.close() }
    }

    @Test func aServerThatRefusesUsCostsNoCall() async throws {
        let transport = WatchedTransport()
        let server = try await Server("willing", transport)
        transport.refuse("memory://unwilling")
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .roundRobin)
        channel.update(["memory://unwilling", server.address])
        for _ in 0..<20 { _ = try await EchoClient(channel).unary(EchoRequest()) }
        // Nobody waits for one that will not change its mind.
        channel.update(["memory://unwilling"])
        let status = await #expect(throws: RPCStatus.self) {
            try await EchoClient(channel).unary(EchoRequest(), options: Self.patient)
        }
        #expect(status?.code == .unauthenticated)
        await client.close()
        await server.endpoint.close()
    }

    @Test func aSessionThatComesUpForAServerThatIsGoneIsEnded() async throws {
        let transport = WatchedTransport()
        let server = try await Server("gone", transport)
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .roundRobin)
        channel.update([server.address])
        transport.holdsConnections = true
        let call = Task { try await EchoClient(channel).unary(EchoRequest()) }
        while transport.attempts == 0 { await Task.yield() }
        channel.update([])
        transport.holdsConnections = false
        let status = await #expect(throws: RPCStatus.self) { try await call.value }
        #expect(status?.code == .unavailable)
        while !server.listener.sessions.isEmpty { await Task.yield() }
        await client.close()
        await server.endpoint.close()
    }
}
