import Autograd
import Diffusion
import NeuralNet
import RL
import TensorCore

/// What a checkpoint says of a picture of the base model.
public struct BaseSampleRecord: Codable, Hashable, Sendable {
    public var prompt: String
    public var reward: Double
    public var guidance: Double
}

/// The update of all that learn by denoising pictures, which differ by their ``DenoisingRule``.
public final class DenoisingUpdate: PolicyUpdate {
    /// A clean picture and what it earned.
    private struct Sample {
        /// `[height, width, channel]`, scaled.
        let latent: Tensor
        let record: BaseSampleRecord
        let weight: Double
    }

    public let policy: DiffusionPolicy
    private let rule: DenoisingRule
    private let optimizer: AdamW
    private let seed: UInt64
    private var baseSamples: [(latent: Tensor, record: BaseSampleRecord)] = []
    private var round = 0

    public init(policy: DiffusionPolicy, rule: DenoisingRule, optimizer: OptimizerConfiguration, seed: UInt64) {
        self.policy = policy
        self.rule = rule
        self.optimizer = AdamW(policy.model.adapter, optimizer)
        self.seed = seed
    }

    public func update(_ batch: TrainingBatch) -> UpdateMetrics {
        let drawn = zip(batch.rollouts, batch.rewards).flatMap { rollout, rewards in
            (0..<rollout.samples).map { sample in
                (
                    latent: rollout.latent(of: sample, after: rollout.steps),
                    record: BaseSampleRecord(
                        prompt: rollout.prompts[sample], reward: rewards[sample],
                        guidance: rollout.guidance.last ?? 1)
                )
            }
        }
        // The first round's pictures are the base model's; later ones only show what was learned.
        if rule.source == .baseSamples, baseSamples.isEmpty { baseSamples = drawn }
        let pictures = rule.source == .baseSamples ? baseSamples : drawn
        let weights = rule.weighting.weights(
            rewards: pictures.map(\.record.reward), prompts: pictures.map(\.record.prompt))
        let samples = zip(pictures, weights).compactMap { picture, weight in
            weight == 0 ? nil : Sample(latent: picture.latent, record: picture.record, weight: weight)
        }
        var metrics = UpdateMetrics()
        let noise = Noise(seed: seed, unit: UInt64(round), purpose: .order)
        var draw = noise.makeGenerator()
        for index in 0..<rule.updates where !samples.isEmpty {
            step(Self.take(rule.batch, of: samples, &draw), number: index, &metrics)
        }
        round += 1
        metrics.average()
        return metrics
    }

    /// Samples in random order, gone through as often as it takes.
    private static func take(
        _ count: Int, of samples: [Sample], _ draw: inout some RandomNumberGenerator
    ) -> [Sample] {
        var taken: [Sample] = []
        while taken.count < count {
            taken += samples.shuffled(using: &draw).prefix(count - taken.count)
        }
        return taken
    }

    /// Takes one step along the gradient of the mean of `w |ε̂ - ε|² + γ |ε̂ - ε̂_base|²`.
    private func step(_ samples: [Sample], number: Int, _ metrics: inout UpdateMetrics) {
        let schedule = policy.model.scheduler.schedule
        let prediction = policy.model.scheduler.prediction
        let shape = samples[0].latent.shape
        for start in stride(from: 0, to: samples.count, by: rule.microBatch) {
            let places = start..<min(start + rule.microBatch, samples.count)
            let batch = Array(samples[places])
            let timesteps = places.map { place in
                var draw = noise(.timestep, place, number).makeGenerator()
                return Int.random(in: 0..<schedule.count, using: &draw)
            }
            let epsilon = Noise.gaussian(rows: places.map { noise(.diffusion, $0, number) }, shape: shape)
            let clean = Tensor.stacking(batch.map(\.latent))
            func blend(_ pair: (Int) -> NoiseSchedule.Pair) -> Tensor {
                let pairs = timesteps.map(pair)
                return clean.combined(pairs.map { Float($0.sample) }, epsilon, pairs.map { Float($0.other) })
            }
            let noisy = blend { schedule.noising(at: $0) }
            let target = blend { schedule.target(at: $0, prediction: prediction) }
            func predict(recompute: Bool) -> Variable {
                policy.predict(
                    noisy, timesteps: timesteps.map(Float.init), prompts: batch.map(\.record.prompt),
                    guidance: batch.map { rule.isGuided ? $0.record.guidance : 1 }, recompute: recompute)
            }
            let output = predict(recompute: false)
            let scale = 1 / Float(samples.count)
            var loss = output.weightedMeanSquare(target, weights: batch.map { Float($0.weight) * scale })
            if rule.basePenalty > 0 {
                let base = policy.withoutAdapter { predict(recompute: true).value }
                metrics.baseDivergence += output.value.meanSquareDifferences(base).reduce(0, +)
                let penalty = [Float](repeating: Float(rule.basePenalty) * scale, count: batch.count)
                loss = loss + output.weightedMeanSquare(base, weights: penalty)
            }
            metrics.loss += Double(loss.value.scalars[0]) * Double(samples.count)
            backward(loss)
        }
        metrics.terms += samples.count
        metrics.gradientNorm += optimizer.update()
        metrics.updates += 1
    }

    private func noise(_ purpose: Noise.Purpose, _ place: Int, _ number: Int) -> Noise {
        Noise(seed: seed, unit: UInt64(round), sample: place, step: number, purpose: purpose)
    }
}

extension DenoisingUpdate {
    public var state: PolicyUpdateState {
        PolicyUpdateState(round: round, baseSamples: baseSamples.isEmpty ? nil : baseSamples.map(\.record))
    }

    public var tensors: [String: Tensor] {
        guard !baseSamples.isEmpty else { return optimizer.state }
        return optimizer.state.merging(["base-samples": .stacking(baseSamples.map(\.latent))]) { $1 }
    }

    public func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws {
        try optimizer.restore(tensors)
        round = state.round
        guard let records = state.baseSamples else { return }
        guard let latents = tensors["base-samples"], latents.shape.first == records.count else {
            throw ParameterError(path: "base-samples", reason: "the latents of the base model's pictures are missing")
        }
        baseSamples = records.enumerated().map { (latents[$0], $1) }
    }
}
