import RPC
import ServiceAPI
import Wire

/// Trajectories in.
struct DataEndpoint: DataService {
    let learner: Learner

    func submit(_ request: DataTrajectory, _ context: ServerContext) async throws -> Reply<DataSubmitReply> {
        let drawn: DrawnUnit
        do {
            drawn = try DrawnUnit(request, context.attachments)
        } catch {
            throw error.status
        }
        return Reply(try await learner.take(drawn))
    }
}
