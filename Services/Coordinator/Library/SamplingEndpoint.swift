import Ledger
import RPC
import ServiceAPI
import Wire

/// The samplers' side of the books.
struct SamplingEndpoint: SamplingService {
    let coordinator: Coordinator

    func lease(_ request: ControlLeaseRequest, _ context: ServerContext) async throws -> Reply<ControlLeaseReply> {
        let deadline = ContinuousClock.now + .milliseconds(Int(min(request.waitMs, 30_000)))
        while true {
            let number = coordinator.changes.number
            // A lease for somebody who has hung up would run out before anybody else got the unit.
            try Task.checkCancellation()
            let answer = try await coordinator.answer {
                guard $0.fleet.isHere(request.worker, on: context.session) else {
                    return LeaseAnswer.wait("\(request.worker) is not in the fleet")
                }
                return try $0.lease(to: request.worker)
            }
            let left = deadline - ContinuousClock.now
            guard case .wait = answer, left > .zero, !Task.isCancelled else { return Reply(answer.wire) }
            await coordinator.changes.wait(after: number, atMost: left)
        }
    }

    func giveUp(_ request: ControlGiveUpRequest, _ context: ServerContext) async throws -> Reply<ControlGiveUpReply> {
        try await coordinator.answer {
            try $0.giveUp(
                UnitID(request.unit), FencingToken(request.token), worker: request.worker, reason: request.reason)
            return Reply(ControlGiveUpReply())
        }
    }

    func acknowledge(_ request: ControlAcknowledgeRequest, _ context: ServerContext) async throws
        -> Reply<ControlAcknowledgeReply>
    {
        let policy = PublishedPolicy(
            version: Int(request.policyVersion), sha256: request.sha256, modules: Int(request.modules))
        return try await coordinator.answer {
            Reply(ControlAcknowledgeReply(matches: $0.acknowledge(policy, by: request.worker)))
        }
    }
}
