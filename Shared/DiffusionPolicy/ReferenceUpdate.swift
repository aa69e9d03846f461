import Autograd
import Diffusion
import NeuralNet
import RL
import TensorCore

/// What is known of a subject's reference pictures.
public struct ReferenceSet: Sendable {
    /// `[reference, height, width, channel]`, scaled.
    public var latents: Tensor
    /// The reward of each reference under each of the run's prompts; empty where no preference is learned.
    public var rewards: [String: [Double]]

    public init(latents: Tensor, rewards: [String: [Double]] = [:]) {
        (self.latents, self.rewards) = (latents, rewards)
    }
}

/// The update from reference pictures beside pictures of the base model: RPO and DreamBooth, which differ by their
/// ``ReferenceRule``.
public final class ReferenceUpdate: PolicyUpdate {
    public let policy: DiffusionPolicy
    private let rule: ReferenceRule
    private let optimizer: AdamW
    private let seed: UInt64
    private var baseSamples = BaseSamples()
    private var round = 0

    public init(policy: DiffusionPolicy, rule: ReferenceRule, optimizer: OptimizerConfiguration, seed: UInt64) {
        self.policy = policy
        self.rule = rule
        self.optimizer = AdamW(policy.model.trained, optimizer)
        self.seed = seed
    }

    /// A picture, noised, under a prompt.
    struct Noised {
        let picture: NoisedLatent
        let prompt: String
    }

    /// A reference and a picture of the base model.
    struct Pair {
        let reference: Noised
        let generated: Noised
        /// The label: whether the reference is the preferred one.
        let isReferencePreferred: Bool
    }

    /// - Precondition: the batch has the references.
    public func update(_ batch: TrainingBatch) -> UpdateMetrics {
        guard let references = batch.references else {
            preconditionFailure("an update from references, and no references")
        }
        if baseSamples.isEmpty { baseSamples = BaseSamples(batch) }
        var metrics = UpdateMetrics()
        var draw = Noise(seed: seed, unit: UInt64(round), purpose: .order).makeGenerator()
        for index in 0..<rule.updates {
            let pairs = (0..<rule.batch).map { pair($0, references, update: index, &draw) }
            step(pairs, &metrics)
        }
        round += 1
        metrics.average()
        return metrics
    }

    /// A reference, a generated picture and a label, each drawn anew.
    private func pair(
        _ place: Int, _ references: ReferenceSet, update: Int, _ draw: inout some RandomNumberGenerator
    ) -> Pair {
        let reference = Int.random(in: 0..<references.latents.shape[0], using: &draw)
        let (latent, record) = baseSamples[Int.random(in: 0..<baseSamples.count, using: &draw)]
        let probability = references.rewards[record.prompt].map {
            PreferenceLoss.probability(reference: $0[reference], generated: record.reward)
        }
        func noised(_ latent: Tensor, _ prompt: String, _ side: Int) -> Noised {
            Noised(
                picture: NoisedLatent(
                    latent, timesteps: policy.model.scheduler.schedule.count, seed: seed, round: round, update: update,
                    sample: 2 * place + side),
                prompt: prompt)
        }
        return Pair(
            reference: noised(
                references.latents[reference], rule.sharesPrompt ? record.prompt : rule.instancePrompt, 0),
            generated: noised(latent, record.prompt, 1),
            isReferencePreferred: Double.random(in: 0..<1, using: &draw) < probability ?? 0.5)
    }

    /// Takes one step along the gradient of the mean loss of the pairs.
    func step(_ pairs: [Pair], _ metrics: inout UpdateMetrics) {
        let pictures = pairs.map(\.reference) + pairs.map(\.generated)
        let (noisy, target) = policy.denoising(pictures.map(\.picture))
        func predict(recompute: Bool) -> Variable {
            policy.predict(
                Variable(noisy), timesteps: pictures.map { Float($0.picture.timestep) },
                text: policy.text(pictures.map(\.prompt)), guidance: pictures.map { _ in 1 }, recompute: recompute)
        }
        let output = predict(recompute: false)
        let base = policy.withBaseModel { predict(recompute: true).value }
        let errors = output.value.meanSquareDifferences(target)
        let baseErrors = base.meanSquareDifferences(target)
        let count = pairs.count
        var weights = [Float](repeating: 0, count: 2 * count)
        for (index, pair) in pairs.enumerated() {
            let own = PreferenceLoss.Errors(reference: errors[index], generated: errors[count + index])
            let loss = PreferenceLoss(
                own, base: .init(reference: baseErrors[index], generated: baseErrors[count + index]),
                isReferencePreferred: pair.isReferencePreferred, beta: rule.beta)
            metrics.loss +=
                rule.similarity * own.reference + rule.prior * own.generated + rule.preference * loss.value
            let share = 1 / Double(count)
            weights[index] = Float((rule.similarity + rule.preference * loss.derivative) * share)
            weights[count + index] = Float((rule.prior - rule.preference * loss.derivative) * share)
        }
        backward(output.weightedMeanSquare(target, weights: weights))
        metrics.baseDivergence = output.value.meanSquareDifferences(base).reduce(0, +) / Double(2 * count)
        metrics.terms += count
        metrics.gradientNorm += optimizer.update()
        metrics.updates += 1
    }
}

extension ReferenceUpdate {
    public var state: PolicyUpdateState { PolicyUpdateState(round: round, baseSamples: baseSamples.records) }
    public var tensors: [String: Tensor] { optimizer.state.merging(baseSamples.tensors) { $1 } }

    public func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws {
        try optimizer.restore(tensors)
        round = state.round
        baseSamples = try BaseSamples(state.baseSamples, tensors)
    }
}
