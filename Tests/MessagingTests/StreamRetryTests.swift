import RPC
import Testing
import Wire

/// Streams that are opened again before their first message.
@Suite("Streams that are opened again", .timeLimit(.minutes(1)))
struct StreamRetryTests {
    private static let method = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "ServerStream", kind: .serverStreaming, idempotency: .noSideEffects)

    /// Says with which attempt it has to do; the first fails if it is asked to.
    private static let service = ServiceDefinition(
        name: "atelier.echo.Echo",
        handlers: [
            MethodHandler(serverStreaming: method) { request, replies, context in
                try await context.sendHeaders(["attempt": "\(context.attempt)"])
                if request.mode == .fail, context.attempt == 0 { throw RPCStatus(.unavailable, "not yet") }
                for number in 0..<request.number { try await replies.send(EchoResponse(number: number)) }
            }
        ])

    private static func open(_ caller: any Caller, _ request: EchoRequest) async throws -> MessageStream<EchoResponse> {
        var policy = RetryPolicy()
        policy.initialBackoff = .microseconds(10)
        return try await caller.serverStreaming(
            method, request, attachments: [], options: CallOptions(retry: policy))
    }

    @Test func theHeadersAreThoseOfTheAttemptThatAnswered() async throws {
        try await Pair.with(.memory, services: [Self.service]) { pair in
            let stream = try await Self.open(pair.session, EchoRequest(mode: .fail, number: 3))
            var count = 0
            for try await _ in stream { count += 1 }
            #expect(count == 3)
            #expect(await stream.headers["attempt"] == "1")
        }
    }

    @Test(arguments: [0, 2])
    func streamsThatGoWellEarnTheRetriesOfThoseThatDoNot(messages: UInt32) async throws {
        try await Pair.with(.memory, services: [Self.service]) { pair in
            let channel = pair.client.channel(pair.listener.address)
            for _ in 0..<4 {
                for try await _ in try await Self.open(channel, EchoRequest(mode: .fail, number: messages)) {}
            }
            while channel.retrying.admitsRetry {
                // It fails for want of a retry in the end.
                var iterator = try await Self.open(channel, EchoRequest(mode: .fail, number: 1)).makeAsyncIterator()
                _ = try? await iterator.next()
            }
            for _ in 0..<30 {
                for try await _ in try await Self.open(channel, EchoRequest(number: messages)) {}
            }
            #expect(channel.retrying.admitsRetry)
            for try await _ in try await Self.open(channel, EchoRequest(mode: .fail, number: 1)) {}
        }
    }
}
