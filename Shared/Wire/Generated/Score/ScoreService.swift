// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.score.Score`.
public protocol ScoreService: Sendable {
    func describe(_ request: ScoreDescribeRequest, _ context: ServerContext) async throws -> Reply<ScoreDescribeReply>
    func pictures(_ request: ScorePicturesRequest, _ context: ServerContext) async throws -> Reply<ScorePicturesReply>
    /// FAILED_PRECONDITION when the reward has no derivative.
    func withGradient(_ request: ScoreGradientRequest, _ context: ServerContext) async throws -> Reply<
        ScoreGradientReply
    >
}

/// The methods of `atelier.score.Score`.
public enum ScoreMethods {
    public static let describe = Method<ScoreDescribeRequest, ScoreDescribeReply>(
        service: "atelier.score.Score", name: "Describe", kind: .unary, idempotency: .noSideEffects)
    public static let pictures = Method<ScorePicturesRequest, ScorePicturesReply>(
        service: "atelier.score.Score", name: "Pictures", kind: .unary, idempotency: .noSideEffects)
    /// FAILED_PRECONDITION when the reward has no derivative.
    public static let withGradient = Method<ScoreGradientRequest, ScoreGradientReply>(
        service: "atelier.score.Score", name: "WithGradient", kind: .unary, idempotency: .noSideEffects)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [describe.descriptor, pictures.descriptor, withGradient.descriptor]
}

extension ServiceDefinition {
    /// `atelier.score.Score`, served by an implementation.
    public static func score(_ service: some ScoreService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.score.Score",
            handlers: [
                MethodHandler(unary: ScoreMethods.describe) { try await service.describe($0, $1) },
                MethodHandler(unary: ScoreMethods.pictures) { try await service.pictures($0, $1) },
                MethodHandler(unary: ScoreMethods.withGradient) { try await service.withGradient($0, $1) },
            ])
    }
}

/// Calls `atelier.score.Score` over a session or a channel.
public struct ScoreClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    public func describe(
        _ request: ScoreDescribeRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ScoreDescribeReply> {
        try await caller.unary(ScoreMethods.describe, request, attachments: attachments, options: options)
    }

    public func pictures(
        _ request: ScorePicturesRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ScorePicturesReply> {
        try await caller.unary(ScoreMethods.pictures, request, attachments: attachments, options: options)
    }

    /// FAILED_PRECONDITION when the reward has no derivative.
    public func withGradient(
        _ request: ScoreGradientRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ScoreGradientReply> {
        try await caller.unary(ScoreMethods.withGradient, request, attachments: attachments, options: options)
    }
}
