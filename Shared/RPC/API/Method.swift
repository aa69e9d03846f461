import Messaging

/// What is known of a method without its types.
public struct MethodDescriptor: Hashable, Sendable {
    /// Which sides send more than one message.
    public enum Kind: Hashable, Sendable {
        case unary, serverStreaming, clientStreaming, bidirectional
    }

    /// protobuf's `idempotency_level`.
    public enum Idempotency: Hashable, Sendable {
        /// Must not be sent twice.
        case unknown
        /// Changes nothing.
        case noSideEffects
        /// Twice is as once.
        case idempotent
    }

    /// The service's full name, `atelier.echo.Echo`.
    public let service: String
    /// The method's own name, `Unary`.
    public let name: String
    /// Which sides stream.
    public let kind: Kind
    /// Whether a retry is harmless.
    public let idempotency: Idempotency

    /// The name on the wire, `atelier.echo.Echo/Unary`.
    public let path: String
}

/// A method with the types of its messages, as generated code declares it.
public struct Method<Input: WireMessage, Output: WireMessage>: Sendable {
    /// The method without its types.
    public let descriptor: MethodDescriptor

    /// A method of a service.
    public init(
        service: String, name: String, kind: MethodDescriptor.Kind, idempotency: MethodDescriptor.Idempotency
    ) {
        descriptor = MethodDescriptor(
            service: service, name: name, kind: kind, idempotency: idempotency, path: "\(service)/\(name)")
    }
}
