import Ledger
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// What the command line may ask for.
struct AdminEndpoint: AdminService {
    let coordinator: Coordinator

    func status(_ request: AdminStatusRequest, _ context: ServerContext) async throws -> Reply<AdminStatusReply> {
        Reply(try await coordinator.answer { $0.status.wire })
    }

    func pause(_ request: AdminPauseRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        try await command(.pauseRequested, "what is in flight is finished first")
    }

    func resume(_ request: AdminResumeRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        try await command(.resumeRequested, "the run goes on")
    }

    func drain(_ request: AdminDrainRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        try await command(.drainRequested, "the run ends after its round")
    }

    func checkpoint(_ request: AdminCheckpointRequest, _ context: ServerContext) async throws
        -> Reply<AdminCommandReply>
    {
        try await command(.checkpointRequested, "the learner writes a checkpoint")
    }

    func stop(_ request: AdminStopRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        if request.failed { return try await command(.failed(request.reason), "the run has failed") }
        return try await command(.stopRequested, "the run stops with a checkpoint: \(request.reason)")
    }

    func scale(_ request: AdminScaleRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        guard (1...1024).contains(request.samplers) else {
            throw RPCStatus(.failedPrecondition, "\(request.samplers) samplers; a run has 1 to 1024")
        }
        return try await command(.scaled(samplers: Int(request.samplers)), "\(request.samplers) samplers are wanted")
    }

    func swap(_ request: AdminSwapRequest, _ context: ServerContext) async throws -> Reply<AdminCommandReply> {
        try await coordinator.answer {
            let message = try $0.swap(request.reward, by: request.spec)
            return Reply(AdminCommandReply(state: $0.state.rawValue, message: message))
        }
    }

    func tail(_ request: AdminTailRequest, _ replies: MessageWriter<AdminEvent>, _ context: ServerContext) async throws
    {
        var last = request.after
        while !Task.isCancelled {
            let number = coordinator.changes.number
            for notice in await coordinator.notices.after(last) {
                try await replies.send(notice.wire, attachments: [])
                last = notice.sequence
            }
            let isOver = await coordinator.state == .finished
            if isOver, await coordinator.notices.after(last).isEmpty { return }
            await coordinator.changes.wait(after: number, atMost: .seconds(60))
        }
    }

    /// Enters a command.
    ///
    /// - Throws: `RPCStatus` failedPrecondition if the run is finished.
    private func command(_ event: RunEvent, _ message: String) async throws -> Reply<AdminCommandReply> {
        try await coordinator.answer {
            guard $0.state != .finished else {
                throw ServiceError("the run is finished", exitCode: .refused)
            }
            try $0.record(event)
            return Reply(AdminCommandReply(state: $0.state.rawValue, message: message))
        }
    }
}
