import Foundation
import Messaging
import RPC
import RPCServices
import Testing
import Wire

/// Clients that are killed in the middle of something: their calls end, what they held is free again, and nobody else notices.
@Suite("Clients that are killed", .timeLimit(.minutes(1)))
struct ClientFaultTests {
    @Test func inAStreamTheHandlerIsCancelled() async throws {
        let place = try Workplace()
        let server = try Endpoint(name: "server")
        let (sent, send) = AsyncStream<UInt32>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (endings, ending) = AsyncStream<Bool>.makeStream()
        let endless = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { request, _ in Reply(EchoResponse(text: request.text)) },
                MethodHandler(serverStreaming: EchoMethods.serverStream) { _, replies, _ in
                    do {
                        for number in 0..<UInt32.max {
                            try await replies.send(EchoResponse(number: number), attachments: [])
                            send.yield(number)
                        }
                    } catch {
                        ending.yield(Task.isCancelled)
                        throw error
                    }
                },
            ])
        let listener = try await server.listen(
            "ipc://\(place.path("echo"))", services: StandardServices(of: server).beside([endless], of: server))
        let bystander = try Endpoint(name: "bystander")
        let session = try await bystander.dial(listener.address)
        let client = try place.start(
            "/bin/sh",
            [
                "-c", #"exec "$0" rpc call "$1" atelier.echo.Echo/ServerStream {} >/dev/null"#,
                Workplace.programs.appending(path: "atelier").path, listener.address,
            ])
        for await number in sent where number > 100 { break }
        #expect(await server.snapshots().count == 2)
        client.child.kill()
        #expect(await endings.first { _ in true } == true, "the handler was cancelled")
        try await place.until("the session of the dead is gone") { await server.snapshots().count == 1 }
        let left = try #require(await server.snapshots().first)
        #expect(left.peer.name == "bystander" && left.calls.isEmpty && left.reservedBytes == 0)
        #expect(try await EchoClient(session).unary(EchoRequest(text: "calm")).message.text == "calm")
        await bystander.close()
        await server.close()
    }

    /// The server is a process of its own: its memory is its own.
    @Test func betweenChunksTheMemoryIsFreeAgain() async throws {
        let peer = try await EchoPeer()
        let bytes = 96 << 20
        let file = peer.place.path("large")
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        truncate(file, bytes)
        func memory() throws -> Double { try #require(ProcessGauge.look(at: peer.server.child.processID)?[.memory]) }
        let words =
            ["rpc", "call", peer.address, "atelier.echo.Echo/ClientStream", "{}", "--attach", "large=\(file)"]

        var before = 0.0
        var client: Workplace.Running?
        // All chunks may have come before the client stands still: then another one has its turn.
        for _ in 0..<20 where client == nil {
            before = try memory()
            let running = try peer.place.start("atelier", words)
            while try memory() - before < Double(bytes / 4), running.child.ending == nil { await Task.yield() }
            try await running.suspend()
            if try await peer.sessions().contains(where: { $0.reservedBytes == bytes && $0.calls.count == 1 }) {
                client = running
            } else {
                running.child.kill()
                _ = await running.ended()
            }
        }
        let stopped = try #require(client, "no client was ever stopped between its chunks")
        let held = try memory() - before
        #expect(held > Double(bytes / 4))
        stopped.child.kill()
        try await peer.place.until("the session of the dead is gone") { try await peer.sessions().count == 1 }
        let left = try #require(try await peer.sessions().first)
        #expect(left.peer == "client" && left.reservedBytes == 0)
        try await peer.place.until("the memory is free again") { try memory() - before < Double(16 << 20) }
        print("killed between chunks: \(Int(held) >> 20) MiB held before, \(Int(try memory() - before) >> 20) after")
        #expect(try await peer.echo.unary(EchoRequest(text: "calm")).message.text == "calm")
        await peer.end()
    }
}
