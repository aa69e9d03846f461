// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

import RPC

/// Who is there, and who should be.
public protocol FleetService: Sendable {
    /// Enters the fleet, one worker a session: it alone speaks for the worker, and its end is the worker's.
    ///
    /// The same name again, from another session, replaces the worker of that name and kind, whose leases are given up.
    func enter(_ request: ControlRegisterRequest, _ context: ServerContext) async throws -> Reply<ControlRegisterReply>
    func heartbeat(_ request: ControlHeartbeatRequest, _ context: ServerContext) async throws -> Reply<
        ControlHeartbeatReply
    >
    /// Leaves the fleet in good order.
    func leave(_ request: ControlDeregisterRequest, _ context: ServerContext) async throws -> Reply<
        ControlDeregisterReply
    >
    /// The plan now, and again after each change, until the run is over.
    func plan(_ request: ControlFleetPlanRequest, _ replies: MessageWriter<ControlFleetPlan>, _ context: ServerContext)
        async throws
}

/// The methods of `atelier.control.Fleet`.
public enum FleetMethods {
    /// Enters the fleet, one worker a session: it alone speaks for the worker, and its end is the worker's.
    ///
    /// The same name again, from another session, replaces the worker of that name and kind, whose leases are given up.
    public static let enter = Method<ControlRegisterRequest, ControlRegisterReply>(
        service: "atelier.control.Fleet", name: "Enter", kind: .unary, idempotency: .unknown)
    public static let heartbeat = Method<ControlHeartbeatRequest, ControlHeartbeatReply>(
        service: "atelier.control.Fleet", name: "Heartbeat", kind: .unary, idempotency: .idempotent)
    /// Leaves the fleet in good order.
    public static let leave = Method<ControlDeregisterRequest, ControlDeregisterReply>(
        service: "atelier.control.Fleet", name: "Leave", kind: .unary, idempotency: .idempotent)
    /// The plan now, and again after each change, until the run is over.
    public static let plan = Method<ControlFleetPlanRequest, ControlFleetPlan>(
        service: "atelier.control.Fleet", name: "Plan", kind: .serverStreaming, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [
        enter.descriptor, heartbeat.descriptor, leave.descriptor, plan.descriptor,
    ]
}

extension ServiceDefinition {
    /// `atelier.control.Fleet`, served by an implementation.
    public static func fleet(_ service: some FleetService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.control.Fleet",
            handlers: [
                MethodHandler(unary: FleetMethods.enter) { try await service.enter($0, $1) },
                MethodHandler(unary: FleetMethods.heartbeat) { try await service.heartbeat($0, $1) },
                MethodHandler(unary: FleetMethods.leave) { try await service.leave($0, $1) },
                MethodHandler(serverStreaming: FleetMethods.plan) { try await service.plan($0, $1, $2) },
            ])
    }
}

/// Calls `atelier.control.Fleet` over a session or a channel.
public struct FleetClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// Enters the fleet, one worker a session: it alone speaks for the worker, and its end is the worker's.
    ///
    /// The same name again, from another session, replaces the worker of that name and kind, whose leases are given up.
    public func enter(
        _ request: ControlRegisterRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlRegisterReply> {
        try await caller.unary(FleetMethods.enter, request, attachments: attachments, options: options)
    }

    public func heartbeat(
        _ request: ControlHeartbeatRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlHeartbeatReply> {
        try await caller.unary(FleetMethods.heartbeat, request, attachments: attachments, options: options)
    }

    /// Leaves the fleet in good order.
    public func leave(
        _ request: ControlDeregisterRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<ControlDeregisterReply> {
        try await caller.unary(FleetMethods.leave, request, attachments: attachments, options: options)
    }

    /// The plan now, and again after each change, until the run is over.
    public func plan(
        _ request: ControlFleetPlanRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> MessageStream<ControlFleetPlan> {
        try await caller.serverStreaming(FleetMethods.plan, request, attachments: attachments, options: options)
    }
}
