// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.introspection.Introspection`.
public protocol IntrospectionService: Sendable {
    func sessions(_ request: IntrospectionSessionsRequest, _ context: ServerContext) async throws -> Reply<
        IntrospectionSessionsReply
    >
    func methods(_ request: IntrospectionMethodsRequest, _ context: ServerContext) async throws -> Reply<
        IntrospectionMethodsReply
    >
}

/// The methods of `atelier.introspection.Introspection`.
public enum IntrospectionMethods {
    public static let sessions = Method<IntrospectionSessionsRequest, IntrospectionSessionsReply>(
        service: "atelier.introspection.Introspection", name: "Sessions", kind: .unary, idempotency: .noSideEffects)
    public static let methods = Method<IntrospectionMethodsRequest, IntrospectionMethodsReply>(
        service: "atelier.introspection.Introspection", name: "Methods", kind: .unary, idempotency: .noSideEffects)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [sessions.descriptor, methods.descriptor]
}

extension ServiceDefinition {
    /// `atelier.introspection.Introspection`, served by an implementation.
    public static func introspection(_ service: some IntrospectionService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.introspection.Introspection",
            handlers: [
                MethodHandler(unary: IntrospectionMethods.sessions) { try await service.sessions($0, $1) },
                MethodHandler(unary: IntrospectionMethods.methods) { try await service.methods($0, $1) },
            ])
    }
}

/// Calls `atelier.introspection.Introspection` over a session or a channel.
public struct IntrospectionClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    public func sessions(
        _ request: IntrospectionSessionsRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<IntrospectionSessionsReply> {
        try await caller.unary(IntrospectionMethods.sessions, request, attachments: attachments, options: options)
    }

    public func methods(
        _ request: IntrospectionMethodsRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<IntrospectionMethodsReply> {
        try await caller.unary(IntrospectionMethods.methods, request, attachments: attachments, options: options)
    }
}
