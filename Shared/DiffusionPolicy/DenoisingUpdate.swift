import Autograd
import Diffusion
import NeuralNet
import RL
import TensorCore

/// The update of all that learn by denoising pictures, which differ by their ``DenoisingRule``.
public final class DenoisingUpdate: PolicyUpdate {
    /// A picture of the policy or of the base model, and how much it counts.
    struct Example {
        /// `[height, width, channel]`, scaled.
        let latent: Tensor
        let record: BaseSampleRecord
        let weight: Double
    }

    public let policy: DiffusionPolicy
    private let rule: DenoisingRule
    private let optimizer: AdamW
    private let seed: UInt64
    private var baseSamples = BaseSamples()
    private var round = 0

    public init(policy: DiffusionPolicy, rule: DenoisingRule, optimizer: OptimizerConfiguration, seed: UInt64) {
        self.policy = policy
        self.rule = rule
        self.optimizer = AdamW(policy.model.trained, optimizer)
        self.seed = seed
    }

    public func update(_ batch: TrainingBatch) -> UpdateMetrics {
        let drawn = BaseSamples(batch)
        // The first round's pictures are the base model's; later ones only show what was learned.
        if rule.source == .baseSamples, baseSamples.isEmpty { baseSamples = drawn }
        let pictures = (rule.source == .baseSamples ? baseSamples : drawn).all
        let weights = rule.weighting.weights(
            rewards: pictures.map(\.record.reward), prompts: pictures.map(\.record.prompt))
        let examples = zip(pictures, weights).compactMap { picture, weight in
            weight == 0 && rule.weighting.selects
                ? nil : Example(latent: picture.latent, record: picture.record, weight: weight)
        }
        var metrics = UpdateMetrics()
        var draw = Noise(seed: seed, unit: UInt64(round), purpose: .order).makeGenerator()
        var watched: [Double] = []
        for index in 0..<rule.updates where !examples.isEmpty {
            let taken = Self.take(rule.batch, of: examples, &draw)
            let noised = taken.enumerated().map { place, example in
                NoisedLatent(
                    example.latent, timesteps: policy.model.scheduler.schedule.count, seed: seed, round: round,
                    update: index, sample: place)
            }
            watched += step(taken, noised, watches: index == 0, &metrics)
        }
        round += 1
        metrics.average()
        if !watched.isEmpty { metrics.baseDivergence = watched.reduce(0, +) / Double(watched.count) }
        return metrics
    }

    /// Examples in random order, gone through as often as it takes.
    private static func take(
        _ count: Int, of examples: [Example], _ draw: inout some RandomNumberGenerator
    ) -> [Example] {
        var taken: [Example] = []
        while taken.count < count {
            taken += examples.shuffled(using: &draw).prefix(count - taken.count)
        }
        return taken
    }

    /// Takes one step along the gradient of the mean of `w |ε̂ - ε|² + γ |ε̂ - ε̂_base|²`.
    ///
    /// - Parameters:
    ///   - examples: what is learned from.
    ///   - noised: their latents, with timestep and noise.
    ///   - watches: whether the divergence from the base model is wanted where nothing is paid for it; a part of the examples
    ///     shows it then.
    ///   - metrics: what the step adds to.
    /// - Returns: that divergence, `mean((ε̂ - ε̂_base)²)` of each example.
    func step(
        _ examples: [Example], _ noised: [NoisedLatent], watches: Bool, _ metrics: inout UpdateMetrics
    ) -> [Double] {
        let scale = 1 / Double(examples.count)
        var watched: [Double] = []
        for start in stride(from: 0, to: examples.count, by: rule.microBatch) {
            let places = start..<min(start + rule.microBatch, examples.count)
            let batch = examples[places]
            let (noisy, target) = policy.denoising(Array(noised[places]))
            func predict(recompute: Bool) -> Variable {
                policy.predict(
                    Variable(noisy), timesteps: noised[places].map { Float($0.timestep) },
                    text: policy.text(batch.map(\.record.prompt)),
                    guidance: batch.map { rule.isGuided ? $0.record.guidance : 1 }, recompute: recompute)
            }
            let output = predict(recompute: false)
            var loss = output.weightedMeanSquare(target, weights: batch.map { Float($0.weight * scale) })
            if rule.basePenalty > 0 || (watches && start == 0) {
                let base = policy.withBaseModel { predict(recompute: true).value }
                watched += output.value.meanSquareDifferences(base)
                let penalty = [Float](repeating: Float(rule.basePenalty * scale), count: batch.count)
                if rule.basePenalty > 0 { loss = loss + output.weightedMeanSquare(base, weights: penalty) }
            }
            metrics.loss += Double(loss.value.scalars[0]) * Double(examples.count)
            backward(loss)
        }
        metrics.terms += examples.count
        metrics.gradientNorm += optimizer.update()
        metrics.updates += 1
        return watched
    }
}

extension DenoisingUpdate {
    /// Takes over the base model's pictures of another run: the state and the tensors of its checkpoint.
    ///
    /// - Throws: `ParameterError` if it has none, or if they do not fit this model.
    public func takeBaseSamples(_ state: PolicyUpdateState?, _ tensors: [String: Tensor]) throws {
        let taken = try BaseSamples(state?.baseSamples, tensors)
        let shape = Array(policy.model.latentShape(samples: 1).dropFirst())
        guard !taken.isEmpty, taken[0].latent.shape == shape else {
            throw ParameterError(
                path: "base-samples", reason: "there are none, or their latents are not of shape \(shape)")
        }
        baseSamples = taken
    }

    public var state: PolicyUpdateState { PolicyUpdateState(round: round, baseSamples: baseSamples.records) }
    public var tensors: [String: Tensor] { optimizer.state.merging(baseSamples.tensors) { $1 } }

    public func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws {
        try optimizer.restore(tensors)
        round = state.round
        baseSamples = try BaseSamples(state.baseSamples, tensors)
    }
}
