import NeuralNet
import TensorCore

/// What a checkpoint says of a picture of the base model.
public struct BaseSampleRecord: Codable, Hashable, Sendable {
    public var prompt: String
    public var reward: Double
    public var guidance: Double
}

/// The pictures that the base model drew before the first update, with what they earned.
struct BaseSamples {
    private var samples: [(latent: Tensor, record: BaseSampleRecord)] = []

    init() {}

    /// The pictures of a round.
    init(_ batch: TrainingBatch) {
        samples = zip(batch.rollouts, batch.rewards).flatMap { rollout, rewards in
            (0..<rollout.samples).map { sample in
                (
                    rollout.latent(of: sample, after: rollout.steps),
                    BaseSampleRecord(
                        prompt: rollout.prompts[sample], reward: rewards[sample],
                        guidance: rollout.conditions.guidance.last ?? 1)
                )
            }
        }
    }

    /// What ``records`` and ``tensors`` held.
    ///
    /// - Throws: `ParameterError` if the latents are missing or not as many.
    init(_ records: [BaseSampleRecord]?, _ tensors: [String: Tensor]) throws {
        guard let records else { return }
        guard let latents = tensors[Self.key], latents.shape.first == records.count else {
            throw ParameterError(path: Self.key, reason: "the latents of the base model's pictures are missing")
        }
        samples = records.enumerated().map { (latents[$0], $1) }
    }

    private static let key = "base-samples"

    var isEmpty: Bool { samples.isEmpty }
    var count: Int { samples.count }
    subscript(index: Int) -> (latent: Tensor, record: BaseSampleRecord) { samples[index] }
    var all: [(latent: Tensor, record: BaseSampleRecord)] { samples }
    var records: [BaseSampleRecord]? { isEmpty ? nil : samples.map(\.record) }
    var tensors: [String: Tensor] { isEmpty ? [:] : [Self.key: .stacking(samples.map(\.latent))] }
}
