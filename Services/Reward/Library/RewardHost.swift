import Rewards
import ServiceAPI
import ServiceRuntime
import TensorCore

/// The reward model on a thread of its own, so that scoring never blocks the sockets.
actor RewardHost {
    private let model: any RewardModel
    private let executor = ThreadExecutor(name: "reward")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ model: any RewardModel) {
        self.model = model
    }

    /// Scores a batch.
    ///
    /// What the model as a whole cannot do makes every picture unavailable, and none 0.
    func score(_ batch: PictureBatch) -> [PictureScore] {
        let scores: [Score]
        do {
            scores = try model.score(batch.pictures, prompts: batch.prompts)
        } catch {
            let reason = ServiceProcess.oneLine(error)
            return batch.pictures.map { _ in .unavailable(reason) }
        }
        return scores.map(PictureScore.init)
    }

    /// Scores a batch, with the derivative of each score by its own picture.
    func scoreWithGradient(_ batch: PixelBatch) -> PictureGradients {
        do {
            let (scores, gradient) = try model.scoreWithGradient(batch.pixels, prompts: batch.prompts)
            return PictureGradients(
                scores: scores.enumerated().map { index, score in
                    let outcome = PictureScore(score)
                    guard case .number = outcome else { return outcome }
                    let isFinite = gradient[rows: index..<index + 1].withUnsafeBuffer { $0.allSatisfy(\.isFinite) }
                    return isFinite ? outcome : .invalid("the derivative of the score is not finite")
                }, gradient: gradient, identity: model.identity.version)
        } catch {
            let reason = ServiceProcess.oneLine(error)
            return PictureGradients(
                scores: batch.prompts.map { _ in .unavailable(reason) },
                gradient: Tensor(repeating: .nan, shape: batch.pixels.shape), identity: model.identity.version)
        }
    }
}

extension PictureScore {
    /// What is not a finite number is no score.
    fileprivate init(_ score: Score) {
        self =
            switch score {
            case .value(let value, let detail) where value.isFinite:
                .number(value, detail: detail.filter(\.value.isFinite))
            case .value: .invalid("the score is not a finite number")
            case .unavailable(let reason): .unavailable(reason)
            case .invalid(let reason): .invalid(reason)
            }
    }
}
