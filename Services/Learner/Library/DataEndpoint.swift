import RPC
import ServiceAPI
import Wire

/// Trajectories in, adapters out.
struct DataEndpoint: DataService {
    let learner: Learner

    func submit(_ request: DataTrajectory, _ context: ServerContext) async throws -> Reply<DataSubmitReply> {
        let drawn: DrawnUnit
        do {
            drawn = try DrawnUnit(request, context.attachments)
        } catch {
            throw error.status
        }
        let (outcome, reason) = try await learner.take(drawn)
        return Reply(DataSubmitReply(outcome: outcome.wire, reason: reason))
    }

    func adapter(_ request: DataAdapterRequest, _ context: ServerContext) async throws -> Reply<DataAdapterReply> {
        guard let version = await learner.adapter(Int(request.version)) else {
            throw RPCStatus(.notFound, "adapter version \(request.version) is not kept here")
        }
        let message = DataAdapterReply(
            version: request.version, sha256: version.policy.sha256, modules: UInt32(version.policy.modules))
        return Reply(message, attachments: [Attachment(name: "adapter", copying: Array(version.adapter))])
    }
}
