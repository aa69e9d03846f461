// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

import RPC

/// The learner's side of the books.
public protocol LearningService: Sendable {
    /// What to do next, as soon as there is something.
    func instruct(_ request: ControlInstructRequest, _ context: ServerContext) async throws -> Reply<
        ControlInstructReply
    >
    /// The policy that the learner starts with.
    func publish(_ request: ControlPolicy, _ context: ServerContext) async throws -> Reply<ControlPublishReply>
    /// Trajectories have come: are they the ones that count? And units are scored.
    ///
    /// As many as there are go into one call; a repetition changes nothing.
    func settle(_ request: ControlSettleRequest, _ context: ServerContext) async throws -> Reply<ControlSettleReply>
    /// The rewards that score a unit, with the addresses of their services.
    func rewards(_ request: ControlRewardSetRequest, _ context: ServerContext) async throws -> Reply<ControlRewardSet>
    /// An update is done and the policy after it is published.
    func trained(_ request: ControlTrainedRequest, _ context: ServerContext) async throws -> Reply<ControlTrainedReply>
    func checkpointed(_ request: ControlCheckpointedRequest, _ context: ServerContext) async throws -> Reply<
        ControlCheckpointedReply
    >
    /// The learner waits, and for what.
    func blocked(_ request: ControlBlockedRequest, _ context: ServerContext) async throws -> Reply<ControlBlockedReply>
    /// The run cannot go on.
    func failed(_ request: ControlFailedRequest, _ context: ServerContext) async throws -> Reply<ControlFailedReply>
}

/// The methods of `atelier.control.Learning`.
public enum LearningMethods {
    /// What to do next, as soon as there is something.
    public static let instruct = Method<ControlInstructRequest, ControlInstructReply>(
        service: "atelier.control.Learning", name: "Instruct", kind: .unary, idempotency: .unknown)
    /// The policy that the learner starts with.
    public static let publish = Method<ControlPolicy, ControlPublishReply>(
        service: "atelier.control.Learning", name: "Publish", kind: .unary, idempotency: .unknown)
    /// Trajectories have come: are they the ones that count? And units are scored.
    ///
    /// As many as there are go into one call; a repetition changes nothing.
    public static let settle = Method<ControlSettleRequest, ControlSettleReply>(
        service: "atelier.control.Learning", name: "Settle", kind: .unary, idempotency: .unknown)
    /// The rewards that score a unit, with the addresses of their services.
    public static let rewards = Method<ControlRewardSetRequest, ControlRewardSet>(
        service: "atelier.control.Learning", name: "Rewards", kind: .unary, idempotency: .noSideEffects)
    /// An update is done and the policy after it is published.
    public static let trained = Method<ControlTrainedRequest, ControlTrainedReply>(
        service: "atelier.control.Learning", name: "Trained", kind: .unary, idempotency: .unknown)
    public static let checkpointed = Method<ControlCheckpointedRequest, ControlCheckpointedReply>(
        service: "atelier.control.Learning", name: "Checkpointed", kind: .unary, idempotency: .unknown)
    /// The learner waits, and for what.
    public static let blocked = Method<ControlBlockedRequest, ControlBlockedReply>(
        service: "atelier.control.Learning", name: "Blocked", kind: .unary, idempotency: .unknown)
    /// The run cannot go on.
    public static let failed = Method<ControlFailedRequest, ControlFailedReply>(
        service: "atelier.control.Learning", name: "Failed", kind: .unary, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [
        instruct.descriptor, publish.descriptor, settle.descriptor, rewards.descriptor, trained.descriptor,
        checkpointed.descriptor, blocked.descriptor, failed.descriptor,
    ]
}

extension ServiceDefinition {
    /// `atelier.control.Learning`, served by an implementation.
    public static func learning(_ service: some LearningService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.control.Learning",
            handlers: [
                MethodHandler(unary: LearningMethods.instruct) { try await service.instruct($0, $1) },
                MethodHandler(unary: LearningMethods.publish) { try await service.publish($0, $1) },
                MethodHandler(unary: LearningMethods.settle) { try await service.settle($0, $1) },
                MethodHandler(unary: LearningMethods.rewards) { try await service.rewards($0, $1) },
                MethodHandler(unary: LearningMethods.trained) { try await service.trained($0, $1) },
                MethodHandler(unary: LearningMethods.checkpointed) { try await service.checkpointed($0, $1) },
                MethodHandler(unary: LearningMethods.blocked) { try await service.blocked($0, $1) },
                MethodHandler(unary: LearningMethods.failed) { try await service.failed($0, $1) },
            ])
    }
}

/// Calls `atelier.control.Learning` over a session or a channel.
public struct LearningClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// What to do next, as soon as there is something.
    public func instruct(
        _ request: ControlInstructRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlInstructReply> {
        try await caller.unary(LearningMethods.instruct, request, attachments: attachments, options: options)
    }

    /// The policy that the learner starts with.
    public func publish(_ request: ControlPolicy, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<ControlPublishReply>
    {
        try await caller.unary(LearningMethods.publish, request, attachments: attachments, options: options)
    }

    /// Trajectories have come: are they the ones that count? And units are scored.
    ///
    /// As many as there are go into one call; a repetition changes nothing.
    public func settle(
        _ request: ControlSettleRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlSettleReply> {
        try await caller.unary(LearningMethods.settle, request, attachments: attachments, options: options)
    }

    /// The rewards that score a unit, with the addresses of their services.
    public func rewards(
        _ request: ControlRewardSetRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlRewardSet> {
        try await caller.unary(LearningMethods.rewards, request, attachments: attachments, options: options)
    }

    /// An update is done and the policy after it is published.
    public func trained(
        _ request: ControlTrainedRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlTrainedReply> {
        try await caller.unary(LearningMethods.trained, request, attachments: attachments, options: options)
    }

    public func checkpointed(
        _ request: ControlCheckpointedRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlCheckpointedReply> {
        try await caller.unary(LearningMethods.checkpointed, request, attachments: attachments, options: options)
    }

    /// The learner waits, and for what.
    public func blocked(
        _ request: ControlBlockedRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlBlockedReply> {
        try await caller.unary(LearningMethods.blocked, request, attachments: attachments, options: options)
    }

    /// The run cannot go on.
    public func failed(
        _ request: ControlFailedRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlFailedReply> {
        try await caller.unary(LearningMethods.failed, request, attachments: attachments, options: options)
    }
}
