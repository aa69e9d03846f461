import Foundation
import Messaging
import RPC
import Testing
import Wire

// Which test shows what the table of faults (section 9 D of the design) promises:
//
// | fault | test |
// | --- | --- |
// | `kill -9` of a server in a call, a stream, between chunks | here, `aServerThatIsKilled…` |
// | `kill -9` of a client in a stream, between chunks | `ClientFaultTests` |
// | SIGSTOP of either end | `StoppedProcessTests` |
// | a thread that hangs while libzmq's goes on | `HungPeerTests` |
// | half-open connections, loss, long and narrow links | `NetworkFaultTests`, in network namespaces |
// | a slow consumer, one that never reads | `SlowConsumerTests`, `FlowControlTests`, `HostilePeerTests` |
// | a reader of hints that is slow | `AdapterTests.aReaderThatIsSlowHearsOfTheNewestOnly`: whoever needs a version asks for it |
// | restart of a server under load | here, `callsThatMayBeRepeatedSurviveKilledServers` |
// | swap of a reward service while it works | `ControlTests`, `SemanticsTests.callsAreSpreadAndGoOnWhenAServerIsDrained` |
// | 1000 workers that come back at once | here, `aThousandChannelsComeBack`; with keys `SecurityTests.manySessionsOpenAtOnce` |
// | garbage, HTTP, old ZMTP, slow handshakes | `HostilePeerTests`, `GarbageContractTests` |
// | endless messages, frames too large, a million tiny ones, too much credit | `HostilePeerTests` |
// | duplicates, retries, hedges | `PolicyTests`, `SemanticsTests`, `ScheduleTests` |
// | wrong, revoked, unknown keys, a plain peer, no handler | `SecurityTests`, `KeysTests` |
// | no descriptors left | `DescriptorExhaustionTests` |
// | a full disk | `LedgerJournalTests` |
// | clocks a day apart, clocks that are set | `ClockTests`; that go at different speeds `ScheduleTests` |
// | two coordinators at one path; results of an old one | `AddressTests.anAddressInUseIsNamed`, `UnitLedgerTests` |
// | a worker's name comes again from another process | `SuccessionTests` |
// | a drain under load | `StoppingTests`, `SemanticsTests` |
// | SIGTERM twice | `StoppingTests`, and here of a whole run |
// | a socket touched from another thread; `fork` | `ReactorMisuseTests`, `SourceRuleTests` |

/// Peers that die, stop, come back or have no descriptors left: real processes, real sockets.
@Suite("Faults of processes", .serialized, .timeLimit(.minutes(1)))
struct ProcessFaultTests {
    @Test func aServerThatIsKilledInACallMakesItUnavailableAtOnce() async throws {
        let peer = try await EchoPeer()
        let echo = peer.echo
        #expect(try await echo.unary(EchoRequest(text: "alive")).message.text == "alive")
        // A process that is stopped answers nothing.
        try await peer.server.suspend()
        let call = Task { _ = try await echo.unary(EchoRequest(text: "lost")) }
        try await peer.place.until("the call is open") { await peer.client.snapshots().contains { !$0.calls.isEmpty } }
        let status = try await peer.failure(of: call, afterKillingTheServerIn: "a call")
        #expect(status?.code == .unavailable)
        // The connection has said it, and not the lease some seconds later.
        #expect(status?.message.contains("was closed") == true, "\(status?.message ?? "")")
        await peer.end()
    }

    @Test func aServerThatIsKilledInAStreamEndsItWithTheReason() async throws {
        let peer = try await EchoPeer()
        let echo = peer.echo
        let (started, start) = AsyncStream<Void>.makeStream()
        // Stops at the credit of one call: nobody reads on before the server is gone.
        let (released, release) = AsyncStream<Void>.makeStream()
        let call = Task {
            let request = EchoRequest(number: .max, payload: [UInt8](repeating: 1, count: 4096))
            for try await _ in try await echo.serverStream(request) {
                start.yield()
                for await _ in released {}
            }
        }
        for await _ in started { break }
        let status = try await peer.failure(of: call, afterKillingTheServerIn: "a stream") { release.finish() }
        #expect(status?.code == .unavailable)
        // The connection has said it, and not the lease some seconds later.
        #expect(status?.message.contains("was closed") == true, "\(status?.message ?? "")")
        await peer.end()
    }

    @Test func aServerThatIsKilledBetweenChunksFreesTheSender() async throws {
        let peer = try await EchoPeer()
        let echo = peer.echo
        let large = RPC.Attachment(
            name: "large", ByteBuffer(count: 64 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
        try await peer.server.suspend()
        let call = Task { _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [large]) } }
        // The window is used up, and most chunks are still to come.
        try await peer.place.until("credit is waited for") {
            await peer.client.snapshots().contains { $0.calls.contains { $0.queued > 0 && $0.sendCredit < 1 << 20 } }
        }
        let status = try await peer.failure(of: call, afterKillingTheServerIn: "chunks that it does not take")
        #expect(status?.code == .unavailable)
        // The connection has said it, and not the lease some seconds later.
        #expect(status?.message.contains("was closed") == true, "\(status?.message ?? "")")
        await peer.end()
    }

    @Test func aServerThatIsKilledWhileChunksFlowFreesTheSender() async throws {
        let peer = try await EchoPeer()
        let echo = peer.echo
        let large = RPC.Attachment(
            name: "large", ByteBuffer(count: 32 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
        let (progress, arrived) = AsyncStream<Void>.makeStream()
        let call = Task {
            while true {
                _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [large, large]) }
                arrived.yield()
            }
        }
        // In the middle of the third.
        var transfers = progress.makeAsyncIterator()
        for _ in 0..<2 { await transfers.next() }
        let status = try await peer.failure(of: call, afterKillingTheServerIn: "chunks")
        #expect(status?.code == .unavailable)
        await peer.end()
    }

    /// Four at a time: of more that fail at once the token bucket lets some go, which it is there for.
    @Test func callsThatMayBeRepeatedSurviveKilledServers() async throws {
        let peer = try await EchoPeer()
        var policy = RetryPolicy()
        policy.maximumAttempts = 10
        policy.initialBackoff = .milliseconds(100)
        let channel = peer.client.channel(peer.address)
        let echo = EchoClient(channel)
        let options = CallOptions(timeout: .seconds(30), waitForReady: true, retry: policy)
        let (progress, done) = AsyncStream<Int>.makeStream()
        let load = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        var number = 0
                        while !Task.isCancelled {
                            let text = "\(worker) \(number)"
                            let reply = try await Task {
                                try await echo.unary(EchoRequest(text: text), options: options)
                            }.value
                            #expect(reply.message.text == text)
                            number += 1
                            done.yield(number)
                        }
                    }
                }
                // The first that fails ends it, and so the wait for answers.
                defer { done.finish() }
                try await group.waitForAll()
            }
        }
        var answers = progress.makeAsyncIterator()
        func until(_ count: Int) async { for _ in 0..<count { _ = await answers.next() } }
        await until(200)
        var server = peer.server
        for _ in 0..<3 {
            kill(server.child.processID, SIGKILL)
            _ = await server.ended()
            server = try peer.place.start("atelier", ["bench", "rpc", "--serve", "--address", peer.address])
            // More than were answered before, and not yet looked at.
            await until(2000)
        }
        load.cancel()
        try await load.value
        server.child.kill()
        await peer.end()
    }

    /// Every channel waits a random time, so that not all of them knock in the same instant.
    @Test func aThousandChannelsComeBack() async throws {
        let peer = try await EchoPeer()
        let channels = (0..<1000).map { _ in peer.client.channel(peer.address) }
        let options = CallOptions(timeout: .seconds(30), waitForReady: true)
        func callAll() async throws {
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for (number, channel) in channels.enumerated() {
                    group.addTask {
                        try await EchoClient(channel).unary(EchoRequest(text: "\(number)"), options: options).message
                            .text
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(texts.count == 1000)
        }
        try await callAll()
        var sessions: [Session] = []
        for channel in channels { sessions.append(try await channel.session()) }
        peer.server.child.kill()
        _ = await peer.server.ended()
        for session in sessions { #expect(await session.closed.code == .unavailable) }
        async let again: Void = callAll()
        let server = try peer.place.start("atelier", ["bench", "rpc", "--serve", "--address", peer.address])
        try await again
        server.child.kill()
        await peer.end()
    }

    @Test func theSecondSignalEndsARunAtOnce() async throws {
        let place = try Workplace()
        let run = try place.start("atelier", ["run", try place.configure(rounds: 2000), "--out", place.path("out")])
        try await place.until("round 1") { run.errorSoFar.contains("round 1/2000") }
        // Stopped, it will never write the checkpoint that the run waits for.
        let learner = try #require(try place.processes(of: "out").first { $0.command.contains("atelier-learner") })
        kill(learner.identifier, SIGSTOP)
        run.child.terminate()
        try await place.until("the run waits for its checkpoint") {
            run.errorSoFar.contains("stopping with a checkpoint")
        }
        #expect(run.child.ending == nil)
        run.child.terminate()
        #expect(await run.ended().ending == .exited(128 + SIGTERM))
        kill(learner.identifier, SIGCONT)
        try await place.until("every process has ended") { try place.processes(of: "out").isEmpty }
    }
}
