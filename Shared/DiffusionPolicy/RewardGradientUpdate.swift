import Autograd
import Diffusion
import NeuralNet
import RL
import TensorCore

/// The update by the reward's derivative: from the picture through the decoder and the denoising steps to the adapter.
///
/// The trajectories are as the samplers drew them, so each step is computed again from its own latent, forward and back at
/// once: the activations of one step are all that is ever held.
public final class RewardGradientUpdate: PolicyUpdate {
    public let policy: DiffusionPolicy
    private let rule: RewardGradientRule
    private let optimizer: AdamW
    private let seed: UInt64
    private var round = 0

    public init(policy: DiffusionPolicy, rule: RewardGradientRule, optimizer: OptimizerConfiguration, seed: UInt64) {
        self.policy = policy
        self.rule = rule
        self.optimizer = AdamW(policy.model.trained, optimizer)
        self.seed = seed
    }

    /// One picture of the round.
    private struct Item {
        let rollout: Rollout
        let sample: Int
        let reward: Double
        /// The derivative of the reward by the pixels, `[height, width, 3]`.
        let gradient: Tensor
    }

    /// - Precondition: the batch has the derivatives of its rewards.
    public func update(_ batch: TrainingBatch) -> UpdateMetrics {
        precondition(
            batch.pictureGradients.count == batch.rollouts.count, "an update by derivatives, and no derivatives")
        let items = batch.rollouts.enumerated().flatMap { index, rollout in
            (0..<rollout.samples).map { sample in
                Item(
                    rollout: rollout, sample: sample, reward: batch.rewards[index][sample],
                    gradient: batch.pictureGradients[index][sample])
            }
        }
        var metrics = UpdateMetrics()
        var draw = Noise(seed: seed, unit: UInt64(round), purpose: .order).makeGenerator()
        let order = items.shuffled(using: &draw)
        let updates = min(rule.updates, order.count)
        for index in 0..<updates {
            let share = Array(order[order.count * index / updates..<order.count * (index + 1) / updates])
            let kept = rule.truncation.draw(
                pictures: share.count, steps: share[0].rollout.steps, keptSteps: rule.keptSteps, using: &draw)
            step(share, kept, &metrics)
        }
        round += 1
        metrics.average()
        return metrics
    }

    private func step(_ items: [Item], _ kept: [[Bool]], _ metrics: inout UpdateMetrics) {
        for start in stride(from: 0, to: items.count, by: rule.microBatch) {
            let places = start..<min(start + rule.microBatch, items.count)
            accumulate(Array(items[places]), Array(kept[places]), scale: 1 / Double(items.count), &metrics)
        }
        metrics.terms += items.count
        metrics.gradientNorm += optimizer.update()
        metrics.updates += 1
    }

    /// Adds the gradient of the pictures' losses.
    private func accumulate(
        _ items: [Item], _ kept: [[Bool]], scale: Double, _ metrics: inout UpdateMetrics
    ) {
        let losses = items.map { rule.loss(of: $0.reward) }
        metrics.loss += losses.reduce(0) { $0 + $1.value }
        let steps = items[0].rollout.steps
        let transitions = policy.transitions(steps, eta: items[0].rollout.conditions.eta)
        let factors = losses.map { Float($0.derivative * scale) }
        let atPixels = Tensor.stacking(items.map(\.gradient))
        var gradient = policy.pixelsGradient(
            .stacking(items.map { $0.rollout.latent(of: $0.sample, after: steps) }),
            atPixels.combined(factors, atPixels, factors.map { _ in 0 }))
        for step in transitions.indices.reversed() {
            // Before the earliest step that is kept there is nothing to learn.
            guard kept.contains(where: { $0[...step].contains(true) }) else { break }
            gradient = back(gradient, items, kept, step, transitions[step])
        }
    }

    /// The gradient at the latents before a step, from the one after it; the adapter gets its own on the way.
    private func back(
        _ gradient: Tensor, _ items: [Item], _ kept: [[Bool]], _ step: Int, _ transition: Transition
    ) -> Tensor {
        let linear = gradient.scaled(Float(transition.sampleScale))
        let rows = items.indices.filter { kept[$0][step] }
        guard !rows.isEmpty else { return linear }
        let goesOn = step > 0 && rows.contains { kept[$0][..<step].contains(true) }
        let chosen = rows.map { items[$0] }
        let latents = Variable(
            .stacking(chosen.map { $0.rollout.latent(of: $0.sample, after: step) }), requiresGradient: goesOn)
        let output = policy.predict(
            latents, timesteps: chosen.map { _ in Float(transition.timestep) },
            text: policy.text(
                chosen.map { $0.rollout.prompts[$0.sample] }, phrases: chosen.map { $0.rollout.phrases(of: $0.sample) }),
            guidance: chosen.map { $0.rollout.conditions.guidance[step] }, recompute: false)
        let atOutput = gradient.gatheringRows(rows).scaled(Float(transition.outputScale))
        backward(output, gradient: atOutput)
        guard let atLatents = latents.gradient else { return linear }
        var sum = linear
        sum.addRows(atLatents, at: rows)
        return sum
    }
}

extension RewardGradientUpdate {
    public var state: PolicyUpdateState { PolicyUpdateState(round: round) }
    public var tensors: [String: Tensor] { optimizer.state }

    public func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws {
        try optimizer.restore(tensors)
        round = state.round
    }
}

extension DiffusionPolicy {
    /// The pictures of scaled latents as rewards that are differentiated see them: f32 from 0 to 1.
    ///
    /// - Parameter latents: `[sample, height, width, channel]`.
    /// - Returns: `[sample, row, column, 3]`.
    public func pixels(_ latents: Tensor) -> Tensor {
        let decoded = model.decode(latents, tiling: .off)
        return Tensor(uninitialized: decoded.shape) { out in
            decoded.withUnsafeBuffer { values in
                for index in values.indices { out[index] = min(max(values[index] / 2 + 0.5, 0), 1) }
            }
        }
    }

    /// The gradient at scaled latents, from the one at their ``pixels(_:)``.
    ///
    /// Colours beyond black and white are clamped, and pass nothing on.
    func pixelsGradient(_ latents: Tensor, _ gradient: Tensor) -> Tensor {
        let scale = Float(1 / model.vae.configuration.scalingFactor)
        return .concatenating(
            (0..<latents.shape[0]).map { row in
                let input = Variable(latents[rows: row..<row + 1].scaled(scale), requiresGradient: true)
                let decoded = model.vae.decode(input)
                let values = decoded.value
                let inside = Tensor(uninitialized: values.shape) { out in
                    values.withUnsafeBuffer { values in
                        for index in values.indices { out[index] = abs(values[index]) < 1 ? 0.5 : 0 }
                    }
                }
                backward(decoded, gradient: gradient[rows: row..<row + 1].multiplying(inside))
                return (input.gradient ?? Tensor(zeros: input.shape)).scaled(scale)
            })
    }
}

extension Tensor {
    /// Some rows of the outermost dimension.
    fileprivate func gatheringRows(_ rows: [Int]) -> Tensor { .stacking(rows.map { self[$0] }) }

    /// Adds the rows of another tensor to rows of the outermost dimension.
    fileprivate mutating func addRows(_ other: Tensor, at rows: [Int]) {
        let width = count / max(shape[0], 1)
        withUnsafeMutableBuffer { own in
            other.withUnsafeBuffer { added in
                for (index, row) in rows.enumerated() {
                    for place in 0..<width { own[row * width + place] += added[index * width + place] }
                }
            }
        }
    }
}
