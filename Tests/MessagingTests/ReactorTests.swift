import Foundation
import Messaging
import RPC
import Testing

/// The thread that sockets and sessions live on.
@Suite("The reactor", .timeLimit(.minutes(1)))
struct ReactorTests {
    /// An actor on a reactor.
    private actor Resident {
        let reactor: Reactor
        var isTold = false
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

        init(_ reactor: Reactor) {
            self.reactor = reactor
        }

        /// Whether what was queued meanwhile ran between a look at the state and the registration of a waiter.
        func isInterrupted() async -> Bool {
            isTold = false
            reactor.submit { self.assumeIsolated { $0.isTold = true } }
            return await withCheckedContinuation { $0.resume(returning: isTold) }
        }
    }

    @Test func nothingRunsBetweenALookAtTheStateAndTheWaitForIt() async throws {
        let reactor = try Reactor()
        let resident = Resident(reactor)
        for _ in 0..<100 { #expect(await !resident.isInterrupted()) }
        reactor.stop()
    }

    @Test func aTurnThatTakesTooLongIsCountedAndTold() async throws {
        let reactor = try Reactor()
        let (turns, told) = AsyncStream<Duration>.makeStream()
        reactor.onLongTurn { told.yield($0) }
        await reactor.perform {}
        #expect(reactor.longTurns == 0)
        reactor.submit { _ = poll(nil, 0, 60) }
        for await duration in turns {
            #expect(duration >= .milliseconds(60))
            break
        }
        #expect(reactor.longTurns == 1)
        reactor.stop()
    }

    /// The handshake may be done before anybody waits for it, while the waiter comes, or later.
    @Test(arguments: Network.allCases)
    func everyDialEnds(network: Network) async throws {
        let (transport, address) = network.make()
        let server = try Endpoint(name: "server", transport: transport)
        let client = try Endpoint(name: "client", transport: transport)
        let listener = try await server.listen(address)
        for _ in 0..<(network == .memory ? 2000 : 100) {
            let session = try await client.dial(listener.address)
            #expect(session.peer.name == "server")
            async let closed = session.closed
            await session.close()
            #expect(await closed.code == .unavailable)
        }
        await client.close()
        await server.close()
    }
}
