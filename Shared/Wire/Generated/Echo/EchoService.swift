// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.echo.Echo`.
public protocol EchoService: Sendable {
    /// Answers with what it was asked.
    func unary(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse>
    /// Answers `number` times.
    func serverStream(_ request: EchoRequest, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext)
        async throws
    /// Counts what it was sent.
    func clientStream(_ requests: MessageStream<EchoRequest>, _ context: ServerContext) async throws -> Reply<
        EchoResponse
    >
    /// Answers every message with one.
    func bidirectional(
        _ requests: MessageStream<EchoRequest>, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext)
        async throws
    /// Calls `Unary` over the session or channel the server was given, so that a deadline crosses two hops.
    func relay(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse>
}

/// The methods of `atelier.echo.Echo`.
public enum EchoMethods {
    /// Answers with what it was asked.
    public static let unary = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "Unary", kind: .unary, idempotency: .noSideEffects)
    /// Answers `number` times.
    public static let serverStream = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "ServerStream", kind: .serverStreaming, idempotency: .unknown)
    /// Counts what it was sent.
    public static let clientStream = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "ClientStream", kind: .clientStreaming, idempotency: .unknown)
    /// Answers every message with one.
    public static let bidirectional = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "Bidirectional", kind: .bidirectional, idempotency: .unknown)
    /// Calls `Unary` over the session or channel the server was given, so that a deadline crosses two hops.
    public static let relay = Method<EchoRequest, EchoResponse>(
        service: "atelier.echo.Echo", name: "Relay", kind: .unary, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [
        unary.descriptor, serverStream.descriptor, clientStream.descriptor, bidirectional.descriptor, relay.descriptor,
    ]
}

extension ServiceDefinition {
    /// `atelier.echo.Echo`, served by an implementation.
    public static func echo(_ service: some EchoService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { try await service.unary($0, $1) },
                MethodHandler(serverStreaming: EchoMethods.serverStream) { try await service.serverStream($0, $1, $2) },
                MethodHandler(clientStreaming: EchoMethods.clientStream) { try await service.clientStream($0, $1) },
                MethodHandler(bidirectional: EchoMethods.bidirectional) { try await service.bidirectional($0, $1, $2) },
                MethodHandler(unary: EchoMethods.relay) { try await service.relay($0, $1) },
            ])
    }
}

/// Calls `atelier.echo.Echo` over a session or a channel.
public struct EchoClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// Answers with what it was asked.
    public func unary(_ request: EchoRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<EchoResponse>
    {
        try await caller.unary(EchoMethods.unary, request, attachments: attachments, options: options)
    }

    /// Answers `number` times.
    public func serverStream(
        _ request: EchoRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> MessageStream<EchoResponse> {
        try await caller.serverStreaming(EchoMethods.serverStream, request, attachments: attachments, options: options)
    }

    /// Counts what it was sent.
    public func clientStream(
        options: CallOptions = CallOptions(), _ send: (MessageWriter<EchoRequest>) async throws -> Void
    ) async throws -> Reply<EchoResponse> {
        try await caller.clientStreaming(EchoMethods.clientStream, options: options, send)
    }

    /// Answers every message with one.
    public func bidirectional<Result>(
        options: CallOptions = CallOptions(),
        _ body: (MessageWriter<EchoRequest>, MessageStream<EchoResponse>) async throws -> Result
    ) async throws -> Result {
        try await caller.bidirectional(EchoMethods.bidirectional, options: options, body)
    }

    /// Calls `Unary` over the session or channel the server was given, so that a deadline crosses two hops.
    public func relay(_ request: EchoRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<EchoResponse>
    {
        try await caller.unary(EchoMethods.relay, request, attachments: attachments, options: options)
    }
}
