import Foundation
import Messaging
import RPC
import Synchronization
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
        reactor.onLongTurn { duration, _ in told.yield(duration) }
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

    /// What hangs for ever would never be told of afterwards.
    @Test func aTurnThatDoesNotEndIsToldOfMeanwhile() async throws {
        let reactor = try Reactor()
        let (turns, told) = AsyncStream<Bool>.makeStream()
        let mayEnd = Flag()
        reactor.onLongTurn { duration, isOver in
            #expect(duration >= .milliseconds(900))
            told.yield(isOver)
            mayEnd.value.store(true, ordering: .relaxed)
        }
        reactor.submit { while !mayEnd.value.load(ordering: .relaxed) { _ = poll(nil, 0, 1) } }
        var iterator = turns.makeAsyncIterator()
        #expect(await iterator.next() == false)
        #expect(await iterator.next() == true)
        reactor.stop()
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
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
