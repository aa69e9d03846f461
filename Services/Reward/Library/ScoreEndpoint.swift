import RPC
import Rewards
import ServiceAPI
import Wire

/// Scores pictures; every answer is stamped with the identity of what scored them.
struct ScoreEndpoint: ScoreService {
    let host: RewardHost
    let identity: RewardIdentity
    let spec: String
    let isDifferentiable: Bool

    func describe(_ request: ScoreDescribeRequest, _ context: ServerContext) async throws -> Reply<ScoreDescribeReply> {
        Reply(ScoreDescribeReply(spec: spec, identity: identity.version, differentiable: isDifferentiable))
    }

    func pictures(_ request: ScorePicturesRequest, _ context: ServerContext) async throws -> Reply<ScorePicturesReply> {
        let batch: PictureBatch
        do {
            batch = try PictureBatch(request, context.attachments)
        } catch {
            throw error.status
        }
        let scores = await host.score(batch)
        return Reply(ScorePicturesReply(scores: scores.map(\.wire), identity: identity.version))
    }

    func withGradient(
        _ request: ScoreGradientRequest, _ context: ServerContext
    ) async throws -> Reply<ScoreGradientReply> {
        guard isDifferentiable else {
            throw RPCStatus(.failedPrecondition, "the reward \(spec) has no derivative")
        }
        let batch: PixelBatch
        do {
            batch = try PixelBatch(request, context.attachments)
        } catch {
            throw error.status
        }
        let answer = await host.scoreWithGradient(batch)
        return Reply(answer.wire, attachments: answer.attachments)
    }
}
