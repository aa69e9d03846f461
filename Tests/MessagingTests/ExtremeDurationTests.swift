import RPC
import Testing
import Wire

/// A duration of the interface may be any: a program that means "for ever" is not to be ended for it.
@Suite("Durations without measure", .timeLimit(.minutes(1)))
struct ExtremeDurationTests {
    @Test(arguments: [Network.memory, .ipc])
    func aCallMayTakeForEver(network: Network) async throws {
        try await Pair.with(network) { pair in
            let options = CallOptions(timeout: .seconds(Int64.max), waitForReady: true)
            var hedged = options
            hedged.hedging = HedgingPolicy(delay: .seconds(Int64.max))
            let echo = EchoClient(pair.client.channel(pair.listener.address))
            for (client, options) in [(pair.echo, options), (echo, options), (echo, hedged)] {
                let reply = try await client.unary(EchoRequest(text: "a"), options: options)
                #expect(reply.message.text == "a")
            }
        }
    }

    @Test func aCallThatMayTakeNoTimeIsLate() async throws {
        try await Pair.with(.memory) { pair in
            let echo = EchoClient(pair.client.channel(pair.listener.address))
            for client in [pair.echo, echo] {
                let status = await #expect(throws: RPCStatus.self) {
                    try await client.unary(EchoRequest(), options: CallOptions(timeout: .seconds(Int64.min)))
                }
                #expect(status?.code == .deadlineExceeded)
            }
        }
    }

    @Test(arguments: [Network.memory, .ipc])
    func aDrainMayTakeForEver(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let client = pair.echo
            let open = Task { try await client.unary(EchoRequest(text: "open", delayUs: 100_000)) }
            while await pair.server.snapshots().allSatisfy(\.calls.isEmpty) { await Task.yield() }
            await pair.server.drain(grace: .seconds(Int64.max))
            let reply = try await open.value
            #expect(reply.message.text == "open")
        }
    }

    @Test(arguments: [Int64.max, .min])
    func aServerMaySayNever(seconds: Int64) async throws {
        let never = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { _, _ -> Reply<EchoResponse> in
                    var status = RPCStatus(.unavailable, "never")
                    status.retryAfter = .seconds(seconds)
                    throw status
                }
            ])
        try await Pair.with(.memory, services: [never]) { pair in
            let echo = EchoClient(pair.client.channel(pair.listener.address))
            let status = await #expect(throws: RPCStatus.self) { try await echo.unary(EchoRequest()) }
            #expect(status?.message == "never")
            #expect(status?.retryAfter == .milliseconds(seconds > 0 ? Int64(Int32.max) : Int64(Int32.min)))
        }
    }
}
