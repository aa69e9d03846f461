// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

import RPC

/// The samplers' side of the books.
public protocol SamplingService: Sendable {
    /// A unit to draw, as soon as there is one.
    func lease(_ request: ControlLeaseRequest, _ context: ServerContext) async throws -> Reply<ControlLeaseReply>
    /// Hands a lease back without a result.
    func giveUp(_ request: ControlGiveUpRequest, _ context: ServerContext) async throws -> Reply<ControlGiveUpReply>
    /// An adapter counts as delivered when its hash and its module count have come back.
    func acknowledge(_ request: ControlAcknowledgeRequest, _ context: ServerContext) async throws -> Reply<
        ControlAcknowledgeReply
    >
}

/// The methods of `atelier.control.Sampling`.
public enum SamplingMethods {
    /// A unit to draw, as soon as there is one.
    public static let lease = Method<ControlLeaseRequest, ControlLeaseReply>(
        service: "atelier.control.Sampling", name: "Lease", kind: .unary, idempotency: .unknown)
    /// Hands a lease back without a result.
    public static let giveUp = Method<ControlGiveUpRequest, ControlGiveUpReply>(
        service: "atelier.control.Sampling", name: "GiveUp", kind: .unary, idempotency: .idempotent)
    /// An adapter counts as delivered when its hash and its module count have come back.
    public static let acknowledge = Method<ControlAcknowledgeRequest, ControlAcknowledgeReply>(
        service: "atelier.control.Sampling", name: "Acknowledge", kind: .unary, idempotency: .idempotent)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [lease.descriptor, giveUp.descriptor, acknowledge.descriptor]
}

extension ServiceDefinition {
    /// `atelier.control.Sampling`, served by an implementation.
    public static func sampling(_ service: some SamplingService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.control.Sampling",
            handlers: [
                MethodHandler(unary: SamplingMethods.lease) { try await service.lease($0, $1) },
                MethodHandler(unary: SamplingMethods.giveUp) { try await service.giveUp($0, $1) },
                MethodHandler(unary: SamplingMethods.acknowledge) { try await service.acknowledge($0, $1) },
            ])
    }
}

/// Calls `atelier.control.Sampling` over a session or a channel.
public struct SamplingClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// A unit to draw, as soon as there is one.
    public func lease(
        _ request: ControlLeaseRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlLeaseReply> {
        try await caller.unary(SamplingMethods.lease, request, attachments: attachments, options: options)
    }

    /// Hands a lease back without a result.
    public func giveUp(
        _ request: ControlGiveUpRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlGiveUpReply> {
        try await caller.unary(SamplingMethods.giveUp, request, attachments: attachments, options: options)
    }

    /// An adapter counts as delivered when its hash and its module count have come back.
    public func acknowledge(
        _ request: ControlAcknowledgeRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlAcknowledgeReply> {
        try await caller.unary(SamplingMethods.acknowledge, request, attachments: attachments, options: options)
    }
}
