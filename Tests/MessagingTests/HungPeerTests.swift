import Foundation
import Messaging
import RPC
import Testing
import Wire

/// A peer whose process lives and whose thread of the sockets does nothing: libzmq goes on answering for it.
@Suite("A peer that hangs", .timeLimit(.minutes(1)))
struct HungPeerTests {
    /// Blocks the thread that it is served on.
    private struct Blocking: EchoService {
        let echo = EchoImplementation()
        let seconds: Int32

        func unary(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
            echo.journal.add(request.text)
            if request.text == "hang" { _ = poll(nil, 0, seconds * 1000) }
            return Reply(EchoResponse(text: request.text))
        }

        func serverStream(
            _ request: EchoRequest, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
        ) async throws { try await echo.serverStream(request, replies, context) }

        func clientStream(
            _ requests: MessageStream<EchoRequest>, _ context: ServerContext
        ) async throws -> Reply<EchoResponse> { try await echo.clientStream(requests, context) }

        func bidirectional(
            _ requests: MessageStream<EchoRequest>, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
        ) async throws { try await echo.bidirectional(requests, replies, context) }

        func relay(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
            try await echo.relay(request, context)
        }
    }

    @Test(arguments: [Network.ipc, .tcp, .curve])
    func itsLeaseEndsAndItsSessionStaysEndedWhenItGoesOn(network: Network) async throws {
        var configuration = EndpointConfiguration()
        configuration.heartbeat = .milliseconds(200)
        configuration.lease = .seconds(3)
        let blocking = Blocking(seconds: 8)
        let services: [ServiceDefinition] = [.echo(blocking).inline]
        try await Pair.with(network, serverConfiguration: configuration, services: services) { pair in
            let hang = Task { try await pair.echo.unary(EchoRequest(text: "hang")) }
            await blocking.echo.journal.wait(for: "hang")
            let stale = Task {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask { _ = try? await pair.echo.unary(EchoRequest(text: "stale")) }
                    }
                }
            }
            let status = await #expect(throws: RPCStatus.self) { try await hang.value }
            await stale.value
            #expect(status?.code == .unavailable)
            #expect(status?.message.contains("said nothing") == true, "\(status?.message ?? "")")
            let late = await #expect(throws: RPCStatus.self) { try await pair.echo.unary(EchoRequest(text: "late")) }
            #expect(late?.notProcessed == true)
            // It goes on, and takes new sessions.
            let again = EchoClient(pair.client.channel(pair.listener.address))
            let options = CallOptions(timeout: .seconds(20), waitForReady: true)
            let reply = try await again.unary(EchoRequest(text: "again"), options: options)
            #expect(reply.message.text == "again")
            // What was asked of it while it hung, by somebody who has given up since, is not done.
            #expect(blocking.echo.journal.count("stale") == 0)
        }
    }
}
