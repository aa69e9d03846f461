import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Who is there, and who should be.
struct FleetEndpoint: FleetService {
    let coordinator: Coordinator

    func enter(_ request: ControlRegisterRequest, _ context: ServerContext) async throws -> Reply<ControlRegisterReply>
    {
        let session = context.session
        return try await coordinator.answer { coordinator in
            let introduction = try WorkerIntroduction(request)
            // A key that lets a sampler in must not let it pass for the learner.
            let role = introduction.kind == .host ? Role.operator.rawValue : introduction.kind.rawValue
            if let identity = session.peer.identity, identity.role != role {
                throw RPCStatus(
                    .permissionDenied,
                    "\(introduction.name) enters as \(introduction.kind.rawValue), and its key is that of a \(identity.role)"
                )
            }
            try coordinator.enter(introduction, on: session)
            return Reply(coordinator.registration)
        }
    }

    func heartbeat(_ request: ControlHeartbeatRequest, _ context: ServerContext) async throws
        -> Reply<ControlHeartbeatReply>
    {
        try await coordinator.answer {
            // One that has dialled again is heard once its old session has ended, and it has entered anew.
            if $0.fleet.isHere(request.name, on: context.session) { $0.hear(request.name, activity: request.activity) }
            let isKnown = $0.fleet.members[request.name] != nil
            return Reply(ControlHeartbeatReply(unknown: !isKnown, stop: $0.wantedProcesses.stop))
        }
    }

    func leave(_ request: ControlDeregisterRequest, _ context: ServerContext) async throws
        -> Reply<ControlDeregisterReply>
    {
        try await coordinator.answer {
            guard $0.fleet.isHere(request.name, on: context.session) else {
                throw RPCStatus(.permissionDenied, "\(request.name) has not entered on this session")
            }
            try $0.leave(request.name, "has left")
            return Reply(ControlDeregisterReply())
        }
    }

    func plan(
        _ request: ControlFleetPlanRequest, _ replies: MessageWriter<ControlFleetPlan>, _ context: ServerContext
    ) async throws {
        var last: ControlFleetPlan?
        while !Task.isCancelled {
            let number = coordinator.changes.number
            let wanted = try await coordinator.answer { $0.wantedProcesses }
            let plan = ControlFleetPlan(
                samplers: UInt32(wanted.samplers), rewards: wanted.rewards, stop: wanted.stop)
            if plan != last {
                try await replies.send(plan, attachments: [])
                last = plan
            }
            if plan.stop { return }
            await coordinator.changes.wait(after: number, atMost: .seconds(60))
        }
    }
}
