import Messaging
import RPC
import Synchronization
import Testing
import Wire

/// What programs make themselves: a way to choose sessions, and a list of services.
@Suite("A caller of one's own", .timeLimit(.minutes(1)))
struct CallerTests {
    /// One server after the other, by hand.
    private final class Alternating: Caller {
        let defaultTimeout = Duration.seconds(60)
        let retrying = Retrying(RetryPolicy())
        private let sessions: [Session]
        private let state = Mutex((next: 0, ended: [RPCStatus.Code]()))

        init(_ sessions: [Session]) { self.sessions = sessions }

        var ended: [RPCStatus.Code] { state.withLock(\.ended) }

        func route(
            avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
        ) async throws(RPCStatus) -> CallRoute {
            let next = state.withLock { state in
                defer { state.next += 1 }
                return state.next % sessions.count
            }
            return CallRoute(session: sessions[next], address: "\(next)") { status in
                self.state.withLock { $0.ended.append(status.code) }
            }
        }
    }

    @Test func whatRoutesCallsToSessionsIsACaller() async throws {
        try await Pair.with(.memory) { pair in
            let other = EchoImplementation()
            let listener = try await pair.server.listen("memory://other", services: [.echo(other)])
            let caller = Alternating([pair.session, try await pair.client.dial(listener.address)])
            let options = CallOptions(metadata: ["x-count": "calls"])
            for _ in 0..<4 { _ = try await EchoClient(caller).unary(EchoRequest(), options: options) }
            #expect(other.journal.count("\(Array("calls".utf8))") == 2)
            #expect(caller.ended == [.ok, .ok, .ok, .ok])
        }
    }

    @Test func aServiceThatIsServedTwiceTraps() async throws {
        let result = await #expect(processExitsWith: .failure) {
            let server = try Endpoint(name: "server", transport: MemoryTransport())
            _ = try await server.listen(
                "memory://twice", services: [.echo(EchoImplementation()), .echo(EchoImplementation())])
        }
        guard case .signal = result?.exitStatus else { return #expect(Bool(false), "an error was thrown instead") }
    }
}
