// Written by WireGenerator from rpc/reflection.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.reflection.Reflection`.
public protocol ReflectionService: Sendable {
    func services(_ request: ReflectionServicesRequest, _ context: ServerContext) async throws -> Reply<
        ReflectionServicesReply
    >
    /// Fails with NOT_FOUND for a symbol that nobody knows.
    func schema(_ request: ReflectionSchemaRequest, _ context: ServerContext) async throws -> Reply<
        ReflectionSchemaReply
    >
}

/// The methods of `atelier.reflection.Reflection`.
public enum ReflectionMethods {
    public static let services = Method<ReflectionServicesRequest, ReflectionServicesReply>(
        service: "atelier.reflection.Reflection", name: "Services", kind: .unary, idempotency: .noSideEffects)
    /// Fails with NOT_FOUND for a symbol that nobody knows.
    public static let schema = Method<ReflectionSchemaRequest, ReflectionSchemaReply>(
        service: "atelier.reflection.Reflection", name: "Schema", kind: .unary, idempotency: .noSideEffects)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [services.descriptor, schema.descriptor]
}

extension ServiceDefinition {
    /// `atelier.reflection.Reflection`, served by an implementation.
    public static func reflection(_ service: some ReflectionService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.reflection.Reflection",
            handlers: [
                MethodHandler(unary: ReflectionMethods.services) { try await service.services($0, $1) },
                MethodHandler(unary: ReflectionMethods.schema) { try await service.schema($0, $1) },
            ])
    }
}

/// Calls `atelier.reflection.Reflection` over a session or a channel.
public struct ReflectionClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    public func services(
        _ request: ReflectionServicesRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ReflectionServicesReply> {
        try await caller.unary(ReflectionMethods.services, request, attachments: attachments, options: options)
    }

    /// Fails with NOT_FOUND for a symbol that nobody knows.
    public func schema(
        _ request: ReflectionSchemaRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ReflectionSchemaReply> {
        try await caller.unary(ReflectionMethods.schema, request, attachments: attachments, options: options)
    }
}
