import Messaging

/// A service with an implementation, ready to be served.
///
/// Generated code makes it: `.echo(implementation)`.
public struct ServiceDefinition: Sendable {
    /// The full name, `atelier.echo.Echo`.
    public let name: String
    let handlers: [MethodHandler]

    /// A service of some methods.
    public init(name: String, handlers: [MethodHandler]) {
        self.name = name
        self.handlers = handlers
    }

    /// The same service, its handlers run on the thread of the sockets: two changes of thread less in every call.
    ///
    /// They must neither block nor compute for long, or everything waits.
    public var inline: ServiceDefinition {
        ServiceDefinition(
            name: name,
            handlers: handlers.map { handler in
                var handler = handler
                handler.isInline = true
                return handler
            })
    }
}

/// A method with its implementation.
///
/// Generated code makes it.
public struct MethodHandler: Sendable {
    let descriptor: MethodDescriptor
    /// Whether it runs on the reactor.
    var isInline = false
    /// Serves a call.
    let run: @Sendable (ServerContext) async throws -> Reply<OutgoingMessage?>

    /// Whether the handler is given one request instead of a stream.
    var takesOneRequest: Bool { descriptor.kind == .unary || descriptor.kind == .serverStreaming }

    /// One request, one reply.
    public init<Input: WireMessage, Output: WireMessage>(
        unary method: Method<Input, Output>,
        _ body: @escaping @Sendable (Input, ServerContext) async throws -> Reply<Output>
    ) {
        descriptor = method.descriptor
        run = { context in try await body(try Self.request(context.call), context).encoded(context.call) }
    }

    /// One request, many replies.
    public init<Input: WireMessage, Output: WireMessage>(
        serverStreaming method: Method<Input, Output>,
        _ body: @escaping @Sendable (Input, MessageWriter<Output>, ServerContext) async throws -> Void
    ) {
        descriptor = method.descriptor
        run = { context in
            try await body(try Self.request(context.call), MessageWriter(call: context.call), context)
            return Reply(nil)
        }
    }

    /// Many requests, one reply.
    public init<Input: WireMessage, Output: WireMessage>(
        clientStreaming method: Method<Input, Output>,
        _ body: @escaping @Sendable (MessageStream<Input>, ServerContext) async throws -> Reply<Output>
    ) {
        descriptor = method.descriptor
        run = { context in
            let stream = MessageStream<Input>(call: context.call, lifetime: nil, attempts: nil)
            return try await body(stream, context).encoded(context.call)
        }
    }

    /// Many requests, many replies.
    public init<Input: WireMessage, Output: WireMessage>(
        bidirectional method: Method<Input, Output>,
        _ body: @escaping @Sendable (MessageStream<Input>, MessageWriter<Output>, ServerContext) async throws -> Void
    ) {
        descriptor = method.descriptor
        run = { context in
            let stream = MessageStream<Input>(call: context.call, lifetime: nil, attempts: nil)
            try await body(stream, MessageWriter(call: context.call), context)
            return Reply(nil)
        }
    }

    private static func request<Input: WireMessage>(_ call: ServedCall) throws(RPCStatus) -> Input {
        guard let first = call.first else { throw RPCStatus(.invalidArgument, "\(call.method): no request") }
        return try first.decodedMessage(call.method, .request)
    }
}

extension Reply where Message: WireMessage {
    fileprivate func encoded(_ call: ActiveCall) throws(RPCStatus) -> Reply<OutgoingMessage?> {
        let message = try OutgoingMessage(message, attachments, call.method, .reply)
        return Reply<OutgoingMessage?>(message.prepared(call.conduct), trailers: trailers)
    }
}
