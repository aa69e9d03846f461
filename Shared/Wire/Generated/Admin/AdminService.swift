// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.admin.Admin`.
public protocol AdminService: Sendable {
    func status(_ request: AdminStatusRequest, _ context: ServerContext) async throws -> Reply<AdminStatusReply>
    /// Finishes what is in flight and leases nothing new.
    func pause(_ request: AdminPauseRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    func resume(_ request: AdminResumeRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    /// Finishes the round and ends the run.
    func drain(_ request: AdminDrainRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    /// Changes the number of samplers.
    func scale(_ request: AdminScaleRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    /// Replaces a reward from the next round on.
    func swap(_ request: AdminSwapRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    /// Writes a checkpoint.
    func checkpoint(_ request: AdminCheckpointRequest, _ context: ServerContext) async throws -> Reply<
        AdminCommandReply
    >
    /// Writes a checkpoint and ends the run, which can be resumed.
    func stop(_ request: AdminStopRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply>
    /// What happens, until the run is over.
    func tail(_ request: AdminTailRequest, _ replies: MessageWriter<AdminEvent>, _ context: ServerContext) async throws
}

/// The methods of `atelier.admin.Admin`.
public enum AdminMethods {
    public static let status = Method<AdminStatusRequest, AdminStatusReply>(
        service: "atelier.admin.Admin", name: "Status", kind: .unary, idempotency: .noSideEffects)
    /// Finishes what is in flight and leases nothing new.
    public static let pause = Method<AdminPauseRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Pause", kind: .unary, idempotency: .idempotent)
    public static let resume = Method<AdminResumeRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Resume", kind: .unary, idempotency: .idempotent)
    /// Finishes the round and ends the run.
    public static let drain = Method<AdminDrainRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Drain", kind: .unary, idempotency: .idempotent)
    /// Changes the number of samplers.
    public static let scale = Method<AdminScaleRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Scale", kind: .unary, idempotency: .idempotent)
    /// Replaces a reward from the next round on.
    public static let swap = Method<AdminSwapRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Swap", kind: .unary, idempotency: .unknown)
    /// Writes a checkpoint.
    public static let checkpoint = Method<AdminCheckpointRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Checkpoint", kind: .unary, idempotency: .idempotent)
    /// Writes a checkpoint and ends the run, which can be resumed.
    public static let stop = Method<AdminStopRequest, AdminCommandReply>(
        service: "atelier.admin.Admin", name: "Stop", kind: .unary, idempotency: .idempotent)
    /// What happens, until the run is over.
    public static let tail = Method<AdminTailRequest, AdminEvent>(
        service: "atelier.admin.Admin", name: "Tail", kind: .serverStreaming, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [
        status.descriptor, pause.descriptor, resume.descriptor, drain.descriptor, scale.descriptor, swap.descriptor,
        checkpoint.descriptor, stop.descriptor, tail.descriptor,
    ]
}

extension ServiceDefinition {
    /// `atelier.admin.Admin`, served by an implementation.
    public static func admin(_ service: some AdminService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.admin.Admin",
            handlers: [
                MethodHandler(unary: AdminMethods.status) { try await service.status($0, $1) },
                MethodHandler(unary: AdminMethods.pause) { try await service.pause($0, $1) },
                MethodHandler(unary: AdminMethods.resume) { try await service.resume($0, $1) },
                MethodHandler(unary: AdminMethods.drain) { try await service.drain($0, $1) },
                MethodHandler(unary: AdminMethods.scale) { try await service.scale($0, $1) },
                MethodHandler(unary: AdminMethods.swap) { try await service.swap($0, $1) },
                MethodHandler(unary: AdminMethods.checkpoint) { try await service.checkpoint($0, $1) },
                MethodHandler(unary: AdminMethods.stop) { try await service.stop($0, $1) },
                MethodHandler(serverStreaming: AdminMethods.tail) { try await service.tail($0, $1, $2) },
            ])
    }
}

/// Calls `atelier.admin.Admin` over a session or a channel.
public struct AdminClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    public func status(
        _ request: AdminStatusRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminStatusReply> {
        try await caller.unary(AdminMethods.status, request, attachments: attachments, options: options)
    }

    /// Finishes what is in flight and leases nothing new.
    public func pause(
        _ request: AdminPauseRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminCommandReply> {
        try await caller.unary(AdminMethods.pause, request, attachments: attachments, options: options)
    }

    public func resume(
        _ request: AdminResumeRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminCommandReply> {
        try await caller.unary(AdminMethods.resume, request, attachments: attachments, options: options)
    }

    /// Finishes the round and ends the run.
    public func drain(
        _ request: AdminDrainRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminCommandReply> {
        try await caller.unary(AdminMethods.drain, request, attachments: attachments, options: options)
    }

    /// Changes the number of samplers.
    public func scale(
        _ request: AdminScaleRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminCommandReply> {
        try await caller.unary(AdminMethods.scale, request, attachments: attachments, options: options)
    }

    /// Replaces a reward from the next round on.
    public func swap(_ request: AdminSwapRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<AdminCommandReply>
    {
        try await caller.unary(AdminMethods.swap, request, attachments: attachments, options: options)
    }

    /// Writes a checkpoint.
    public func checkpoint(
        _ request: AdminCheckpointRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<AdminCommandReply> {
        try await caller.unary(AdminMethods.checkpoint, request, attachments: attachments, options: options)
    }

    /// Writes a checkpoint and ends the run, which can be resumed.
    public func stop(_ request: AdminStopRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<AdminCommandReply>
    {
        try await caller.unary(AdminMethods.stop, request, attachments: attachments, options: options)
    }

    /// What happens, until the run is over.
    public func tail(_ request: AdminTailRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> MessageStream<AdminEvent>
    {
        try await caller.serverStreaming(AdminMethods.tail, request, attachments: attachments, options: options)
    }
}
