// Written by WireGenerator from grpc/health.proto. Do not edit: run protos/generate.sh.

import RPC

/// `grpc.health.v1.Health`.
public protocol HealthService: Sendable {
    /// Fails with NOT_FOUND for a service that nobody knows.
    func check(_ request: HealthCheckRequest, _ context: ServerContext) async throws -> Reply<HealthCheckResponse>
    /// All services with their states.
    func list(_ request: HealthListRequest, _ context: ServerContext) async throws -> Reply<HealthListResponse>
    /// The state now, and again after each change.
    func watch(_ request: HealthCheckRequest, _ replies: MessageWriter<HealthCheckResponse>, _ context: ServerContext)
        async throws
}

/// The methods of `grpc.health.v1.Health`.
public enum HealthMethods {
    /// Fails with NOT_FOUND for a service that nobody knows.
    public static let check = Method<HealthCheckRequest, HealthCheckResponse>(
        service: "grpc.health.v1.Health", name: "Check", kind: .unary, idempotency: .noSideEffects)
    /// All services with their states.
    public static let list = Method<HealthListRequest, HealthListResponse>(
        service: "grpc.health.v1.Health", name: "List", kind: .unary, idempotency: .noSideEffects)
    /// The state now, and again after each change.
    public static let watch = Method<HealthCheckRequest, HealthCheckResponse>(
        service: "grpc.health.v1.Health", name: "Watch", kind: .serverStreaming, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [check.descriptor, list.descriptor, watch.descriptor]
}

extension ServiceDefinition {
    /// `grpc.health.v1.Health`, served by an implementation.
    public static func health(_ service: some HealthService) -> ServiceDefinition {
        ServiceDefinition(
            name: "grpc.health.v1.Health",
            handlers: [
                MethodHandler(unary: HealthMethods.check) { try await service.check($0, $1) },
                MethodHandler(unary: HealthMethods.list) { try await service.list($0, $1) },
                MethodHandler(serverStreaming: HealthMethods.watch) { try await service.watch($0, $1, $2) },
            ])
    }
}

/// Calls `grpc.health.v1.Health` over a session or a channel.
public struct HealthClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// Fails with NOT_FOUND for a service that nobody knows.
    public func check(
        _ request: HealthCheckRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<HealthCheckResponse> {
        try await caller.unary(HealthMethods.check, request, attachments: attachments, options: options)
    }

    /// All services with their states.
    public func list(_ request: HealthListRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<HealthListResponse>
    {
        try await caller.unary(HealthMethods.list, request, attachments: attachments, options: options)
    }

    /// The state now, and again after each change.
    public func watch(
        _ request: HealthCheckRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> MessageStream<HealthCheckResponse> {
        try await caller.serverStreaming(HealthMethods.watch, request, attachments: attachments, options: options)
    }
}
