import Messaging
import RPC
import Synchronization
import Testing
import Wire

@Suite("Flow control, over every transport", .timeLimit(.minutes(1)))
struct FlowControlTests {
    static func window(_ bytes: Int) -> EndpointConfiguration {
        var configuration = EndpointConfiguration()
        configuration.limits.callWindowBytes = bytes
        return configuration
    }

    @Test(arguments: Network.allCases)
    func aSlowReaderBoundsTheSender(network: Network) async throws {
        let echo = EchoImplementation()
        let (size, window) = (10_000, 1 << 18)
        try await Pair.with(network, clientConfiguration: Self.window(window), services: [.echo(echo)]) { pair in
            let request = EchoRequest(number: 1000, payload: [UInt8](repeating: 1, count: size))
            var iterator = try await pair.echo.serverStream(request).makeAsyncIterator()
            #expect(try await iterator.next()?.message.number == 0)
            // Calls on the same session pass; after many of them the stream has long come to its bound.
            for _ in 0..<200 { _ = try await pair.echo.unary(EchoRequest()) }
            let sent = echo.journal.count("sent")
            #expect(sent <= 2 * window / size, "\(sent) messages were sent to a reader of one")
            var count = 1
            while try await iterator.next() != nil { count += 1 }
            #expect(count == 1000)
        }
    }

    /// A window holds millions of them: what the connection has not taken must not pile up at the sender, who is given up for it.
    @Test(arguments: [Network.ipc, .tcp, .curve])
    func aFloodOfTinyMessagesEndsNoSession(network: Network) async throws {
        let flood = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { _, _ in Reply(EchoResponse()) },
                MethodHandler(serverStreaming: EchoMethods.serverStream) { request, replies, _ in
                    for _ in 0..<request.number { try await replies.send(EchoResponse(number: 1), attachments: []) }
                },
            ])
        // On the thread of the sockets, where nothing but the connection can slow it down.
        try await Pair.with(network, services: [flood.inline]) { pair in
            let echo = pair.echo
            for _ in 0..<3 {
                for try await _ in try await echo.serverStream(EchoRequest(number: .max)) { break }
            }
            var count = 0
            for try await _ in try await echo.serverStream(EchoRequest(number: 140_000)) { count += 1 }
            #expect(count == 140_000)
            #expect(await pair.session.isOpen)
        }
    }

    /// One that runs on the thread of the sockets, and that neither credits nor the connection ever make wait.
    @Test(arguments: [Network.memory, .ipc])
    func aHandlerThatNeverWaitsLeavesOthersTheirTurn(network: Network) async throws {
        let journal = Journal()
        let count: UInt32 = 400
        // What is queued on the thread when the handler begins must come to its turn before the handler ends.
        let thread = Mutex<Reactor?>(nil)
        @Sendable func queue(_ event: String) { thread.withLock { $0?.submit { journal.add(event) } } }
        let service = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { _, _ in Reply(EchoResponse()) },
                MethodHandler(serverStreaming: EchoMethods.serverStream) { _, replies, _ in
                    queue("while it sends")
                    for _ in 0..<count { try await replies.send(EchoResponse(), attachments: []) }
                    journal.add("\(journal.count("while it sends")) while it sent")
                },
                MethodHandler(clientStreaming: EchoMethods.clientStream) { requests, _ in
                    await journal.wait(for: "written")
                    queue("while it reads")
                    var number: UInt32 = 0
                    for try await _ in requests {
                        number += 1
                        // For the end, which is still to come, it waits.
                        if number == count { journal.add("\(journal.count("while it reads")) while it read") }
                    }
                    return Reply(EchoResponse(number: number))
                },
            ])
        try await Pair.with(network, services: [service.inline]) { pair in
            thread.withLock { $0 = pair.server.reactor }
            var received: UInt32 = 0
            for try await _ in try await pair.echo.serverStream(EchoRequest()) { received += 1 }
            #expect(received == count)
            let answer = try await pair.echo.clientStream { writer in
                for _ in 0..<count { try await writer.send(EchoRequest()) }
                // A call after it: what was sent before has been received.
                _ = try await pair.echo.unary(EchoRequest())
                journal.add("written")
            }
            #expect(answer.message.number == count)
            #expect(journal.count("1 while it sent") == 1)
            #expect(journal.count("1 while it read") == 1)
        }
    }

    /// Both windows would be full, and both ends would wait for the other to read.
    @Test(arguments: Network.allCases)
    func aRawCallReadsWhileItSends(network: Network) async throws {
        let configuration = Self.window(65_536)
        try await Pair.with(network, serverConfiguration: configuration, clientConfiguration: configuration) { pair in
            let method = MethodDescriptor(
                service: "atelier.echo.Echo", name: "Bidirectional", kind: .bidirectional, idempotency: .unknown)
            let texts = (0..<64).map { "\($0) " + String(repeating: "a", count: 10_000) }
            var replies: [String] = []
            _ = try await pair.session.raw(
                method, try texts.map { RawMessage(body: try EchoRequest(text: $0).encoded()) },
                options: CallOptions(timeout: .seconds(20))
            ) { replies.append(try EchoResponse(decoding: $0.body).text) }
            #expect(replies == texts)
        }
    }

    @Test(arguments: Network.allCases)
    func messagesLargerThanTheWindowPass(network: Network) async throws {
        var configuration = Self.window(4096)
        configuration.limits.sessionWindowBytes = 16_384
        configuration.limits.chunkBytes = 10_000
        configuration.limits.inlineAttachmentBytes = 5000
        try await Pair.with(network, serverConfiguration: configuration, clientConfiguration: configuration) { pair in
            let echo = pair.echo
            try await withThrowingTaskGroup(of: Void.self) { group in
                for size in [1, 4000, 5000, 5001, 10_000, 10_001, 250_000] {
                    group.addTask {
                        for body in [0, 3000, 140_000] {
                            let attachment = Attachment(copying: [UInt8](repeating: UInt8(size % 251), count: size))
                            let reply = try await echo.unary(
                                EchoRequest(payload: [UInt8](repeating: 5, count: body)), attachments: [attachment])
                            #expect(reply.attachments.first?.bytes == attachment.bytes)
                            #expect(reply.message.payload.count == body)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: Network.allCases)
    func unreadStreamsDoNotStopOtherCalls(network: Network) async throws {
        try await Pair.with(network, clientConfiguration: Self.window(1 << 16)) { pair in
            let request = EchoRequest(number: 500, payload: [UInt8](repeating: 1, count: 5000))
            var streams: [MessageStream<EchoResponse>] = []
            for _ in 0..<20 { streams.append(try await pair.echo.serverStream(request)) }
            let large = Attachment(copying: [UInt8](repeating: 3, count: 5 << 20))
            let reply = try await pair.echo.unary(EchoRequest(), attachments: [large])
            #expect(reply.attachments.first?.bytes == large.bytes)
            for stream in streams {
                var count = 0
                for try await _ in stream { count += 1 }
                #expect(count == 500)
            }
        }
    }
}
