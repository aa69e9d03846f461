import Rewards
import ServiceAPI
import ServiceRuntime

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
        return scores.map { score in
            switch score {
            case .value(let value, let detail) where value.isFinite:
                .number(value, detail: detail.filter(\.value.isFinite))
            case .value: .invalid("the score is not a finite number")
            case .unavailable(let reason): .unavailable(reason)
            case .invalid(let reason): .invalid(reason)
            }
        }
    }
}
