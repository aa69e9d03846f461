import Foundation
import Messaging
import RPC
import Testing
import Wire

/// Peers that die, stop or have no descriptors left: real processes, real sockets.
@Suite("Faults of processes", .serialized, .timeLimit(.minutes(1)))
struct ProcessFaultTests {
    /// A server in a process of its own, and a session with it.
    private struct Peer {
        let place: Workplace
        let address: String
        let server: Workplace.Running
        let client: Endpoint
        let session: Session
        var echo: EchoClient { EchoClient(session) }

        init() async throws {
            place = try Workplace()
            address = "ipc://\(place.path("echo"))"
            // A pipe that nobody writes to is the standard input of a child; the server ends with it.
            server = try place.start("atelier", ["bench", "rpc", "--serve", "--address", address])
            client = try Endpoint(name: "client")
            let (client, address) = (client, address)
            var dialled: Session?
            try await place.until("the server listens") {
                dialled = try? await client.dial(address)
                return dialled != nil
            }
            session = try #require(dialled)
        }

        func signal(_ number: Int32) { kill(server.child.processID, number) }

        /// How long a call takes to fail after a signal, and how it fails.
        func failure(after number: Int32, of call: Task<Void, any Error>) async throws -> (RPCStatus?, Duration) {
            let start = ContinuousClock.now
            signal(number)
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            return (status, .now - start)
        }

        func end() async {
            signal(SIGKILL)
            _ = await server.ended()
            await client.close()
        }
    }

    @Test func aServerThatIsKilledInACallMakesItUnavailableAtOnce() async throws {
        let peer = try await Peer()
        let echo = peer.echo
        #expect(try await echo.unary(EchoRequest(text: "alive")).message.text == "alive")
        // A process that is stopped answers nothing.
        peer.signal(SIGSTOP)
        let call = Task { _ = try await echo.unary(EchoRequest(text: "lost")) }
        try await peer.place.until("the call is open") { await peer.client.snapshots().contains { !$0.calls.isEmpty } }
        let (status, time) = try await peer.failure(after: SIGKILL, of: call)
        #expect(status?.code == .unavailable)
        #expect(time < .seconds(1), "\(time)")
        await peer.end()
    }

    @Test func aServerThatIsKilledInAStreamEndsItWithTheReason() async throws {
        let peer = try await Peer()
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
        peer.signal(SIGKILL)
        release.finish()
        let (status, time) = try await peer.failure(after: SIGKILL, of: call)
        #expect(status?.code == .unavailable)
        #expect(time < .seconds(2), "\(time)")
        await peer.end()
    }

    @Test func aServerThatIsKilledBetweenChunksFreesTheSender() async throws {
        let peer = try await Peer()
        let echo = peer.echo
        let large = RPC.Attachment(
            name: "large", ByteBuffer(count: 64 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
        peer.signal(SIGSTOP)
        let call = Task { _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [large]) } }
        // The window is used up, and most chunks are still to come.
        try await peer.place.until("credit is waited for") {
            await peer.client.snapshots().contains { $0.calls.contains { $0.queued > 0 && $0.sendCredit < 1 << 20 } }
        }
        let (status, time) = try await peer.failure(after: SIGKILL, of: call)
        #expect(status?.code == .unavailable)
        #expect(time < .seconds(2), "\(time)")
        await peer.end()
    }

    @Test func aServerThatIsStoppedLosesItsLeaseAndItsSessionForGood() async throws {
        let peer = try await Peer()
        let echo = peer.echo
        peer.signal(SIGSTOP)
        let call = Task {
            _ = try await echo.unary(EchoRequest(text: "late"), options: CallOptions(timeout: .seconds(30)))
        }
        let start = ContinuousClock.now
        let status = await #expect(throws: RPCStatus.self) { try await call.value }
        #expect(status?.code == .unavailable)
        #expect((.seconds(4) ... .seconds(9)).contains(.now - start), "\(.now - start)")
        peer.signal(SIGCONT)
        let late = await #expect(throws: RPCStatus.self) { try await echo.unary(EchoRequest(text: "too late")) }
        #expect(late?.notProcessed == true)
        // A new session works.
        let again = try await peer.client.dial(peer.address)
        #expect(try await EchoClient(again).unary(EchoRequest(text: "again")).message.text == "again")
        await peer.end()
    }

    @Test func tooFewDescriptorsAreSaidAtTheStart() async throws {
        let place = try Workplace()
        let program = Workplace.programs.appending(path: "atelier").path
        let ended = try await place.run(
            "/bin/sh",
            ["-c", "ulimit -n 64; exec '\(program)' bench rpc --serve --address ipc://\(place.path("echo"))"])
        #expect(ended.ending == .exited(1))
        #expect(ended.lastLine.contains("only 64 files may be open at once"), "\(ended.error)")
    }
}
