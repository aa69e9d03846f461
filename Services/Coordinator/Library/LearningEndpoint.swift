import Ledger
import RPC
import ServiceAPI
import Wire

/// The learner's side of the books.
struct LearningEndpoint: LearningService {
    let coordinator: Coordinator

    func instruct(_ request: ControlInstructRequest, _ context: ServerContext) async throws
        -> Reply<ControlInstructReply>
    {
        let deadline = ContinuousClock.now + .milliseconds(Int(min(request.waitMs, 30_000)))
        while true {
            let number = coordinator.changes.number
            let instruction = await coordinator.learnerInstruction
            let left = deadline - ContinuousClock.now
            guard case .wait = instruction, left > .zero, !Task.isCancelled else { return Reply(instruction.wire) }
            await coordinator.changes.wait(after: number, atMost: left)
        }
    }

    func publish(_ request: ControlPolicy, _ context: ServerContext) async throws -> Reply<ControlPublishReply> {
        try await answering {
            try await coordinator.publish(PublishedPolicy(request))
            return Reply(ControlPublishReply())
        }
    }

    func settle(_ request: ControlSettleRequest, _ context: ServerContext) async throws -> Reply<ControlSettleReply> {
        try await answering {
            let result = SampledUnit(
                token: FencingToken(request.token), worker: request.worker,
                policyVersion: Int(request.policyVersion), adapter: request.adapterSha256)
            let outcome = try await coordinator.settle(UnitID(request.unit), result)
            return Reply(ControlSettleReply(outcome: outcome.wire))
        }
    }

    func rewards(_ request: ControlRewardSetRequest, _ context: ServerContext) async throws -> Reply<ControlRewardSet> {
        guard let panel = await coordinator.panel(ofUnit: UnitID(request.unit)) else {
            throw RPCStatus(.notFound, "unit \(request.unit) was never leased")
        }
        return Reply(panel.wire)
    }

    func scored(_ request: ControlScoredRequest, _ context: ServerContext) async throws -> Reply<ControlScoredReply> {
        try await answering {
            try await coordinator.scored(UnitID(request.unit), invalid: request.invalid)
            return Reply(ControlScoredReply())
        }
    }

    func trained(_ request: ControlTrainedRequest, _ context: ServerContext) async throws -> Reply<ControlTrainedReply>
    {
        try await answering {
            guard let policy = request.policy, let report = request.report else {
                throw PeerError("a trained round without its policy or its report")
            }
            try await coordinator.trained(PublishedPolicy(policy), RoundReport(report))
            return Reply(ControlTrainedReply())
        }
    }

    func checkpointed(_ request: ControlCheckpointedRequest, _ context: ServerContext) async throws
        -> Reply<ControlCheckpointedReply>
    {
        try await answering {
            try await coordinator.checkpointed(Int(request.round))
            return Reply(ControlCheckpointedReply())
        }
    }

    func blocked(_ request: ControlBlockedRequest, _ context: ServerContext) async throws -> Reply<ControlBlockedReply>
    {
        await coordinator.blocked(request.reason)
        return Reply(ControlBlockedReply())
    }

    func failed(_ request: ControlFailedRequest, _ context: ServerContext) async throws -> Reply<ControlFailedReply> {
        try await answering {
            try await coordinator.record(.failed("\(request.worker): \(request.reason)"))
            return Reply(ControlFailedReply())
        }
    }
}
