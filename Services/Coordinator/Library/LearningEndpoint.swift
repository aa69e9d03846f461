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
            let instruction = try await coordinator.answer { $0.learnerInstruction }
            let left = deadline - ContinuousClock.now
            guard case .wait = instruction, left > .zero, !Task.isCancelled else { return Reply(instruction.wire) }
            await coordinator.changes.wait(after: number, atMost: left)
        }
    }

    func publish(_ request: ControlPolicy, _ context: ServerContext) async throws -> Reply<ControlPublishReply> {
        try await coordinator.answer {
            try $0.publish(PublishedPolicy(request))
            return Reply(ControlPublishReply())
        }
    }

    func settle(_ request: ControlSettleRequest, _ context: ServerContext) async throws -> Reply<ControlSettleReply> {
        try await coordinator.answer { coordinator in
            for scored in request.scored { try coordinator.scored(UnitID(scored.unit), invalid: scored.invalid) }
            let drawn = try request.drawn.map { drawn in
                let result = SampledUnit(
                    token: FencingToken(drawn.token), worker: drawn.worker, policyVersion: Int(drawn.policyVersion),
                    adapter: drawn.adapterSha256)
                let outcome = try coordinator.settle(UnitID(drawn.unit), result)
                // A sampler whose work is not taken has something to mend first.
                let isWelcome = outcome == .accepted || outcome == .duplicate
                let next = isWelcome ? try coordinator.nextLease(of: drawn.worker) : nil
                return ControlSettledUnit(outcome: outcome.wire, next: next?.wire)
            }
            return Reply(ControlSettleReply(drawn: drawn))
        }
    }

    func rewards(_ request: ControlRewardSetRequest, _ context: ServerContext) async throws -> Reply<ControlRewardSet> {
        try await coordinator.answer {
            guard let panel = $0.panel(ofUnit: UnitID(request.unit)) else {
                throw RPCStatus(.notFound, "unit \(request.unit) was never leased")
            }
            return Reply(panel.wire)
        }
    }

    func trained(_ request: ControlTrainedRequest, _ context: ServerContext) async throws -> Reply<ControlTrainedReply>
    {
        try await coordinator.answer {
            guard let policy = request.policy, let report = request.report else {
                throw PeerError("a trained round without its policy or its report")
            }
            try $0.trained(PublishedPolicy(policy), RoundReport(report))
            return Reply(ControlTrainedReply())
        }
    }

    func checkpointed(_ request: ControlCheckpointedRequest, _ context: ServerContext) async throws
        -> Reply<ControlCheckpointedReply>
    {
        try await coordinator.answer {
            try $0.checkpointed(Int(request.round))
            return Reply(ControlCheckpointedReply())
        }
    }

    func blocked(_ request: ControlBlockedRequest, _ context: ServerContext) async throws -> Reply<ControlBlockedReply>
    {
        try await coordinator.answer {
            $0.blocked(request.reason)
            return Reply(ControlBlockedReply())
        }
    }

    func failed(_ request: ControlFailedRequest, _ context: ServerContext) async throws -> Reply<ControlFailedReply> {
        try await coordinator.answer {
            try $0.record(.failed("\(request.worker): \(request.reason)"))
            return Reply(ControlFailedReply())
        }
    }
}
