import Foundation
import Logging
import Messaging
import RPC
import ServiceRuntime
import Testing
import Wire

/// Networks that break: a server in a network namespace, keys at both ends, and a link between them that loses packets.
@Suite(
    "Faults of networks", .serialized, .enabled(if: BrokenLink.isPossible, BrokenLink.whatIsMissing),
    .timeLimit(.minutes(1)))
struct NetworkFaultTests {
    private struct Peer {
        let place: Workplace
        let link: BrokenLink
        let client: Endpoint
        let session: Session
        var echo: EchoClient { EchoClient(session) }

        init(lease: Duration? = nil) async throws {
            place = try Workplace()
            let keys = place.path("keys")
            #expect(try await place.atelier("keys", "init", keys).ending == .exited(0))
            link = try await BrokenLink(
                Workplace.programs.appending(path: "atelier").path,
                ["bench", "rpc", "--serve", "--keys", keys, "--address", "tcp://HOST:4000"])
            let transport = try ProcessKeys.transport(
                name: "client", role: .operator, keys: keys, log: Logger(label: "test"))
            client = try Endpoint(name: "client", transport: transport)
            session = try await client.dial(link.line)
        }

        func end() async {
            await client.close()
            link.end()
        }
    }

    /// Nobody is told that the packets are lost: the lease is all that notices.
    @Test func aNetworkThatSwallowsEverythingEndsTheSessionWithItsLease() async throws {
        let peer = try await Peer()
        #expect(try await peer.echo.unary(EchoRequest(text: "there")).message.text == "there")
        try peer.link.say("drop")
        let start = ContinuousClock.now
        let status = await #expect(throws: RPCStatus.self) {
            try await peer.echo.unary(EchoRequest(text: "lost"), options: CallOptions(timeout: .seconds(40)))
        }
        #expect(status?.code == .unavailable)
        #expect(status?.message.contains("said nothing") == true, "\(status?.message ?? "")")
        #expect(ContinuousClock.now - start > .seconds(3))
        // The network is back, the session is not; a new one is made.
        try peer.link.say("open")
        let late = await #expect(throws: RPCStatus.self) { try await peer.echo.unary(EchoRequest(text: "late")) }
        #expect(late?.notProcessed == true)
        let again = try await peer.client.dial(peer.link.line)
        #expect(try await EchoClient(again).unary(EchoRequest(text: "again")).message.text == "again")
        await peer.end()
    }

    /// Shorter than the lease: TCP sends again, and nobody notices.
    @Test func aShortBreakIsOnlyAWait() async throws {
        let peer = try await Peer()
        try peer.link.say("drop")
        let call = Task {
            try await peer.echo.unary(EchoRequest(text: "later"), options: CallOptions(timeout: .seconds(30)))
        }
        try await Task.sleep(for: .seconds(1))
        try peer.link.say("open")
        #expect(try await call.value.message.text == "later")
        #expect(await peer.session.isOpen)
        await peer.end()
    }

    /// 200 ms there and back, and one packet in twenty lost.
    @Test func aLongAndLossyWayCostsTimeAndNothingElse() async throws {
        let peer = try await Peer()
        try peer.link.say("delay 0.1")
        try peer.link.say("loss 0.05")
        let attachment = RPC.Attachment(name: "large", ByteBuffer(copying: [UInt8](repeating: 7, count: 300_000)))
        let replies = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let options = CallOptions(timeout: .seconds(40))
                    let reply = try await peer.echo.unary(
                        EchoRequest(text: "\(number)"), attachments: number == 0 ? [attachment] : [], options: options)
                    #expect(number > 0 || reply.attachments == [attachment])
                    return reply.message.text
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(replies.count == 20)
        #expect(await peer.session.isOpen, "heartbeats got through")
        await peer.end()
    }

    /// 2 MB a second: more than the lease passes while one attachment of 12 chunks is on the way.
    @Test func aNarrowLinkCarriesLargeTransfersAndHeartbeats() async throws {
        let peer = try await Peer()
        try peer.link.say("rate 2e6")
        let large = RPC.Attachment(
            name: "large", ByteBuffer(count: 12 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
        let transfer = Task {
            let options = CallOptions(timeout: .seconds(40))
            return try await peer.echo.clientStream(options: options) {
                try await $0.send(EchoRequest(), attachments: [large])
            }.message.attachmentBytes
        }
        let start = ContinuousClock.now
        #expect(try await transfer.value == 12 << 20)
        #expect(ContinuousClock.now - start > .seconds(5), "the link was as narrow as it should be")
        #expect(await peer.session.isOpen)
        await peer.end()
    }
}
