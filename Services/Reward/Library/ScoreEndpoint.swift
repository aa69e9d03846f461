import RPC
import Rewards
import ServiceAPI
import Wire

/// Scores pictures; every answer is stamped with the identity of what scored them.
struct ScoreEndpoint: ScoreService {
    let host: RewardHost
    let queue: ScoringQueue
    let identity: RewardIdentity
    let spec: String
    let isDifferentiable: Bool
    /// Says in how large a batch the pictures were scored.
    static let batchTrailer = "batch-pictures"

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
        let answer = try await queue.score(batch)
        // For who measures how full batches are.
        return Reply(
            ScorePicturesReply(scores: answer.scores.map(\.wire), identity: identity.version),
            trailers: [Self.batchTrailer: "\(answer.batch)"])
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
