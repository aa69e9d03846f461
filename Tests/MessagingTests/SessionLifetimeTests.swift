import Messaging
import RPC
import Synchronization
import Testing
import Wire

/// Sessions come and go for as long as a process runs: one that is over must not stay in its memory.
@Suite("Session lifetime", .timeLimit(.minutes(1)))
struct SessionLifetimeTests {
    /// Knows sessions without keeping them.
    private final class Watch: Sendable {
        private struct Seen {
            weak var session: Session?
        }

        private let seen = Mutex<[Seen]>([])

        func see(_ session: Session) { seen.withLock { $0.append(Seen(session: session)) } }

        /// How many there were, and how many there are.
        var counts: (seen: Int, alive: Int) { seen.withLock { ($0.count, $0.count { $0.session != nil }) } }
    }

    @Test(arguments: Network.allCases)
    func aSessionThatIsOverIsForgottenAtBothEnds(network: Network) async throws {
        let (transport, address) = network.make()
        let (dialled, served) = (Watch(), Watch())
        let server = try Endpoint(name: "server", transport: transport)
        let client = try Endpoint(name: "client", transport: transport)
        let echo = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { request, context in
                    served.see(context.session)
                    if request.number > 0 { try await Task.sleep(for: .seconds(60)) }
                    return Reply(EchoResponse())
                }
            ])
        let listener = try await server.listen(address, services: [echo])
        for number in 0..<20 {
            let session = try await client.dial(listener.address)
            dialled.see(session)
            _ = try await EchoClient(session).unary(EchoRequest())
            // Some end in the middle of a call, some before it has begun.
            let before = served.counts.seen
            let call = Task { try await EchoClient(session).unary(EchoRequest(number: 1)) }
            if number.isMultiple(of: 2) { while served.counts.seen == before { await Task.yield() } }
            await session.close()
            _ = await call.result
        }
        // Nobody is told of the end of an object, and the other end closes a second late.
        for _ in 0..<400 where dialled.counts.alive + served.counts.alive > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(dialled.counts.alive == 0)
        #expect(served.counts.alive == 0)
        await client.close()
        await server.close()
    }
}
