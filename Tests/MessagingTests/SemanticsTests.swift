import Messaging
import RPC
import RPCServices
import Synchronization
import Testing
import Wire

@Suite("What is promised across calls", .timeLimit(.minutes(1)))
struct SemanticsTests {
    /// A server that can be ended and started again at the same address.
    private static func server(
        _ transport: any Transport, _ address: String, _ echo: EchoImplementation
    ) async throws -> (Endpoint, Listener) {
        let server = try Endpoint(name: "server", transport: transport)
        return (server, try await server.listen(address, services: [.echo(echo)]))
    }

    @Test func interceptorsSeeEveryCallAtBothEnds() async throws {
        let spans = SpanLog()
        let (clientMetrics, serverMetrics) = (CallMetrics(), CallMetrics())
        var (client, server) = (EndpointConfiguration(), EndpointConfiguration())
        client.metrics = clientMetrics
        server.metrics = serverMetrics
        let tracing = Tracing { spans.add($0) }
        client.clientInterceptors = [tracing]
        client.serverInterceptors = [tracing]
        server.serverInterceptors = [tracing]
        server.clientInterceptors = [tracing]
        try await Pair.with(
            .memory, serverConfiguration: server, clientConfiguration: client,
            clientServices: [.echo(EchoImplementation())]
        ) { pair in
            _ = try await pair.echo.relay(EchoRequest())
            _ = try? await pair.echo.unary(EchoRequest(mode: .fail, number: 5))
            for try await _ in try await pair.echo.serverStream(EchoRequest(number: 3)) {}
        }
        let all = spans.all
        let relay = all.filter { $0.context.trace == all.first { $0.method.hasSuffix("Relay") }?.context.trace }
        #expect(relay.count == 4, "one trace: relay asked and served, unary asked and served")
        let known = Set(relay.map(\.context.span))
        #expect(relay.count { known.contains($0.parent) } == 3, "all but the first have a parent in it")
        let unary = clientMetrics.figures[.init(method: "atelier.echo.Echo/Unary", isClient: true)]
        #expect(unary?.ended == [.notFound: 1])
        let stream = serverMetrics.figures[.init(method: "atelier.echo.Echo/ServerStream", isClient: false)]
        #expect(stream?.ended == [.ok: 1])
        #expect(serverMetrics.figures[.init(method: "atelier.echo.Echo/Unary", isClient: true)]?.started == 1)
    }

    @Test func injectedFaultsAreRetriedAndCounted() async throws {
        let faults = FaultInjection(
            [.init(method: "atelier.echo.Echo/*", probability: 0.3, status: RPCStatus(.unavailable, "injected"))],
            generator: SeededGenerator(state: 11))
        var configuration = EndpointConfiguration()
        configuration.serverInterceptors = [faults]
        try await Pair.with(.memory, serverConfiguration: configuration) { pair in
            var policy = RetryPolicy()
            policy.maximumAttempts = 5
            policy.initialBackoff = .microseconds(10)
            var failures = 0
            for index in UInt32(0)..<100 {
                do {
                    let reply = try await pair.echo.unary(
                        EchoRequest(number: index), options: CallOptions(retry: policy))
                    #expect(reply.message.number == index)
                } catch let status as RPCStatus {
                    // The throttle lets few calls fail for the good of all.
                    #expect(status.message == "injected")
                    failures += 1
                }
            }
            #expect(failures < 25, "without retries it would be about 30")
        }
    }

    @Test func aHedgedCallIsNotHeldUpByOneSlowServer() async throws {
        let transport = MemoryTransport()
        let slow = FaultInjection([.init(delay: .seconds(30))])
        var configuration = EndpointConfiguration()
        configuration.serverInterceptors = [slow]
        let held = try Endpoint(name: "slow", transport: transport, configuration: configuration)
        let quick = try Endpoint(name: "quick", transport: transport)
        let echo = EchoImplementation()
        let addresses = [
            try await held.listen("memory://slow", services: [.echo(echo)]).address,
            try await quick.listen("memory://quick", services: [.echo(echo)]).address,
        ]
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: .pickFirst)
        channel.update(addresses)
        let options = CallOptions(timeout: .seconds(20), hedging: HedgingPolicy(delay: .milliseconds(20)))
        let reply = try await EchoClient(channel).unary(EchoRequest(text: "quick"), options: options)
        #expect(reply.message.text == "quick")
        for endpoint in [client, held, quick] { await endpoint.close() }
    }

    @Test func aHedgedCallDoesNotWaitPastItsDeadline() async throws {
        try await Pair.with(.memory) { pair in
            let options = CallOptions(
                timeout: .seconds(30), metadata: ["x-fail-attempts": "9", "x-retry-after": "3600000"],
                hedging: HedgingPolicy(delay: .seconds(20)))
            let start = ContinuousClock.now
            let status = await #expect(throws: RPCStatus.self) {
                try await pair.echo.unary(EchoRequest(), options: options)
            }
            #expect(status?.message == "not yet")
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test(arguments: [LoadBalancing.roundRobin, .leastLoaded])
    func callsAreSpreadAndGoOnWhenAServerIsDrained(policy: LoadBalancing) async throws {
        let transport = MemoryTransport()
        var servers: [(endpoint: Endpoint, metrics: CallMetrics, address: String)] = []
        for index in 0..<3 {
            var configuration = EndpointConfiguration()
            let metrics = CallMetrics()
            configuration.metrics = metrics
            let server = try Endpoint(name: "server-\(index)", transport: transport, configuration: configuration)
            let listener = try await server.listen("memory://\(index)", services: [.echo(EchoImplementation())])
            servers.append((server, metrics, listener.address))
        }
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: policy)
        let waiting = Task {
            try await EchoClient(channel).unary(EchoRequest(text: "first"), options: CallOptions(waitForReady: true))
        }
        channel.update(servers.map(\.address))
        #expect(try await waiting.value.message.text == "first", "it waited for the resolver")
        let echo = EchoClient(channel)
        let drained = servers[0].endpoint
        func call(_ count: Int, whileDraining: Bool) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if whileDraining { group.addTask { await drained.drain(grace: .seconds(5)) } }
                for _ in 0..<count { group.addTask { _ = try await echo.unrepeatableUnary(EchoRequest(delayUs: 500)) } }
                try await group.waitForAll()
            }
        }
        try await call(150, whileDraining: false)
        // Not to be repeated, and yet none is lost: what comes too late is known not to have begun.
        try await call(150, whileDraining: true)
        let key = CallMetrics.Key(method: "atelier.echo.Echo/Unary", isClient: false)
        for server in servers { #expect((server.metrics.figures[key]?.started ?? 0) > 0) }
        for endpoint in [client] + servers.map(\.endpoint) { await endpoint.close() }
    }

    /// Calls that go to others would never find out that it is back.
    @Test(arguments: [LoadBalancing.pickFirst, .roundRobin, .leastLoaded])
    func aServerThatIsBackAtItsAddressGetsItsShareAgain(policy: LoadBalancing) async throws {
        let transport = MemoryTransport()
        func serve(_ name: String) async throws -> (endpoint: Endpoint, metrics: CallMetrics) {
            var configuration = EndpointConfiguration()
            let metrics = CallMetrics()
            configuration.metrics = metrics
            let server = try Endpoint(name: name, transport: transport, configuration: configuration)
            _ = try await server.listen("memory://\(name)", services: [.echo(EchoImplementation())])
            return (server, metrics)
        }
        let (first, other) = (try await serve("first"), try await serve("other"))
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.balancedChannel("echo", policy: policy)
        channel.update(["memory://first", "memory://other"])
        let echo = EchoClient(channel)
        let key = CallMetrics.Key(method: "atelier.echo.Echo/Unary", isClient: false)
        while (first.metrics.figures[key]?.started ?? 0) == 0 { _ = try await echo.unary(EchoRequest()) }
        await first.endpoint.close()
        for _ in 0..<20 { _ = try await echo.unary(EchoRequest()) }
        #expect((other.metrics.figures[key]?.started ?? 0) >= 20)
        let again = try await serve("first")
        while (again.metrics.figures[key]?.started ?? 0) == 0 { _ = try await echo.unary(EchoRequest()) }
        for endpoint in [client, other.endpoint, again.endpoint] { await endpoint.close() }
    }

    @Test(arguments: [Network.memory, .ipc])
    func drainingLosesNoCall(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let client = pair.echo
            let open = Task { try await client.unary(EchoRequest(text: "open", delayUs: 300_000)) }
            while await pair.server.snapshots().allSatisfy(\.calls.isEmpty) { await Task.yield() }
            let drain = Task { await pair.server.drain(grace: .seconds(20)) }
            let reply = try await open.value
            #expect(reply.message.text == "open")
            await drain.value
            let status = await #expect(throws: RPCStatus.self) { try await client.unary(EchoRequest()) }
            #expect(status?.code == .unavailable)
            #expect(status?.notProcessed == true)
            #expect(await pair.session.closed.message.contains("drained"))
        }
    }

    @Test func theGraceOfADrainEnds() async throws {
        let echo = EchoImplementation()
        try await Pair.with(.memory, services: [.echo(echo)]) { pair in
            let client = pair.echo
            let open = Task { try await client.unary(EchoRequest(delayUs: 60_000_000)) }
            await echo.journal.wait(for: "begun")
            await pair.server.drain(grace: .milliseconds(100))
            let status = await #expect(throws: RPCStatus.self) { try await open.value }
            #expect(status?.code == .unavailable)
            await echo.journal.wait(for: "cancelled")
        }
    }

    @Test(arguments: [Network.memory, .tcp])
    func aKeyedCallSurvivesItsSession(network: Network) async throws {
        try await Pair.with(network) { pair in
            let key: [UInt8] = [1, 2, 3]
            let options = CallOptions(metadata: ["x-count": "survivor"], idempotencyKey: key)
            let first = EchoClient(pair.session)
            let lost = Task {
                try await first.unary(EchoRequest(text: "done", delayUs: 400_000), options: options)
            }
            while await pair.server.snapshots().allSatisfy(\.calls.isEmpty) { await Task.yield() }
            await pair.session.close()
            _ = await lost.result
            // The same process asks again on another session, and finds the execution under way.
            let second = EchoClient(try await pair.client.dial(pair.listener.address))
            let reply = try await second.unary(EchoRequest(), options: options)
            #expect(reply.message.text == "done")
            #expect(reply.trailers["x-executions"] == "1")
        }
    }

    @Test func callsThatMayBeRepeatedSurviveARestart() async throws {
        let (transport, address) = Network.ipc.make()
        let echo = EchoImplementation()
        var (server, listener) = try await Self.server(transport, address, echo)
        let client = try Endpoint(name: "client", transport: transport)
        let channel = client.channel(listener.address)
        let bound = listener.address
        var policy = RetryPolicy()
        policy.maximumAttempts = 5
        policy.initialBackoff = .milliseconds(100)
        let options = CallOptions(timeout: .seconds(20), retry: policy)
        _ = try await EchoClient(channel).unary(EchoRequest())
        let call = Task {
            try await EchoClient(channel).unary(EchoRequest(text: "again", delayUs: 200_000), options: options)
        }
        while await server.snapshots().allSatisfy(\.calls.isEmpty) { await Task.yield() }
        await server.close()
        (server, listener) = try await Self.server(transport, bound, echo)
        #expect(try await call.value.message.text == "again")
        await client.close()
        await server.close()
    }

    @Test func healthTellsItsWatchers() async throws {
        let board = HealthBoard()
        try await Pair.with(.memory, services: [.health(board)]) { pair in
            var states: [HealthBoard.Status] = []
            for try await item in try await HealthClient(pair.session).watch(HealthCheckRequest(service: "s")) {
                states.append(item.message.status)
                switch states.count {
                case 1: board.set("s", .serving)
                case 2: board.stopServing()
                default: break
                }
                if states.count == 3 { break }
            }
            #expect(states == [.serviceUnknown, .serving, .notServing])
        }
    }

    @Test func introspectionShowsTheCallThatHangs() async throws {
        let (transport, address) = Network.memory.make()
        let server = try Endpoint(name: "server", transport: transport)
        let services = StandardServices().beside([.echo(EchoImplementation())], of: server)
        let listener = try await server.listen(address, services: services)
        let client = try Endpoint(name: "client", transport: transport)
        let session = try await client.dial(listener.address)
        let hanging = Task { try await EchoClient(session).unary(EchoRequest(delayUs: 60_000_000)) }
        let introspection = IntrospectionClient(session)
        var calls: [IntrospectionCall] = []
        while calls.count < 2 {
            calls = try await introspection.sessions(IntrospectionSessionsRequest()).message.sessions.first?.calls ?? []
        }
        #expect(calls.map(\.method).contains("atelier.echo.Echo/Unary"))
        #expect(calls.allSatisfy { !$0.originated })
        hanging.cancel()
        await client.close()
        await server.close()
    }
}

/// The spans of all endpoints of a test.
private final class SpanLog: Sendable {
    private let state = Mutex<[CallSpan]>([])

    var all: [CallSpan] { state.withLock(\.self) }

    func add(_ span: CallSpan) {
        state.withLock { $0.append(span) }
    }
}

extension EchoClient {
    /// A call of a method that must not be sent twice, answered by the server itself.
    func unrepeatableUnary(_ request: EchoRequest) async throws -> Reply<EchoResponse> {
        let method = Method<EchoRequest, EchoResponse>(
            service: "atelier.echo.Echo", name: "Unary", kind: .unary, idempotency: .unknown)
        return try await caller.unary(method, request, attachments: [], options: CallOptions())
    }
}
