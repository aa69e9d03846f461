import Imaging
import Rewards
import ServiceAPI
import ServiceRuntime
import TensorCore

/// The reward model on a thread of its own, so that scoring never blocks the sockets.
actor RewardHost {
    private let model: any RewardModel
    private let threads: Int
    private let executor = ThreadExecutor(name: "reward")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ model: any RewardModel, threads: Int) {
        (self.model, self.threads) = (model, threads)
    }

    /// Scores pictures of any sizes.
    ///
    /// Where the model as a whole cannot work, each picture is tried alone, so that one that it cannot bear does not take the
    /// others with it; what fails even so is unavailable, and never 0.
    func score(_ pictures: [Picture], prompts: [String]) -> [PictureScore] {
        ComputeThreads.set(threads)
        do {
            return try model.score(pictures, prompts: prompts).map(PictureScore.init)
        } catch {
            guard pictures.count > 1 else { return [.unavailable(ServiceProcess.oneLine(error))] }
            return zip(pictures, prompts).flatMap { score([$0], prompts: [$1]) }
        }
    }

    /// Scores a batch, with the derivative of each score by its own picture.
    func scoreWithGradient(_ batch: PixelBatch) -> PictureGradients {
        ComputeThreads.set(threads)
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
