import Autograd
import Diffusion
import Foundation
import NeuralNet
import RL
import TensorCore

/// The update of all policy gradients, which differ by their ``TrajectoryRule``.
public final class TrajectoryUpdate: PolicyUpdate {
    public let policy: DiffusionPolicy
    private let rule: TrajectoryRule
    private let optimizer: AdamW
    private let seed: UInt64
    private let recomputesOld: Bool
    private var statistics: PromptStatistics?
    private var replay: TransitionStore?
    /// Made when the first round shows how many steps a trajectory has.
    private var value: ValueBaseline?
    /// Rounds done.
    public private(set) var round = 0

    /// The update of one run.
    ///
    /// Where `recomputesOld`, the log-probabilities under the policy that drew a round are computed anew before its first
    /// step, by the arithmetic of the update, instead of taken from the rollouts: samplers may then compute in bf16, and
    /// every ratio still starts at 1.
    public init(
        policy: DiffusionPolicy, rule: TrajectoryRule, optimizer: OptimizerConfiguration, seed: UInt64,
        recomputesOld: Bool = false
    ) {
        self.policy = policy
        self.rule = rule
        self.optimizer = AdamW(policy.model.trained, optimizer)
        self.seed = seed
        self.recomputesOld = recomputesOld
        if case .promptHistory(let bufferSize, let minimumCount) = rule.baseline {
            statistics = PromptStatistics(bufferSize: bufferSize, minimumCount: minimumCount)
        }
        if case .replay(let capacity, _, _) = rule.batches { replay = TransitionStore(capacity: capacity) }
    }

    public func update(_ batch: TrainingBatch) -> UpdateMetrics {
        precondition(!batch.rollouts.isEmpty, "an update without a unit")
        let first = batch.rollouts[0]
        // A last step without noise, as `set_alpha_to_one` makes it, has no log-probability: it is drawn and not trained.
        let transitions = Array(
            policy.transitions(first.steps, eta: first.conditions.eta).prefix { $0.isStochastic })
        var metrics = UpdateMetrics()
        let samples = transitionsBySample(batch, transitions)
        metrics.advantageDeviation = Self.deviation(samples.compactMap(\.first?.advantage))
        metrics.clipRange = rule.objective.ratioRange
        metrics.pathKL = pathDivergence(batch.rollouts, transitions)
        var draw = Noise(seed: seed, unit: UInt64(round), purpose: .order).makeGenerator()
        switch rule.batches {
        case .shares(let updates, let innerEpochs, let timestepFraction):
            for epoch in 0..<innerEpochs {
                if epoch > 0 {
                    draw = Noise(seed: seed, unit: UInt64(round), sample: epoch, purpose: .order).makeGenerator()
                }
                for share in Self.shares(of: samples, updates, &draw) {
                    let items = share.flatMap { steps in
                        let kept = max(1, Int((Double(steps.count) * timestepFraction).rounded()))
                        return steps.shuffled(using: &draw).prefix(kept)
                    }
                    step(items, transitions, &metrics)
                }
            }
        case .replay(_, let updates, let count):
            replay?.append(samples.flatMap { $0 })
            guard let replay else { break }
            if let value = baseline(steps: first.steps) {
                metrics.valueLoss = value.fit(replay, using: &draw)
                metrics.advantageDeviation = Self.deviation(value.advantages(replay.draw(256, using: &draw)))
            }
            for _ in 0..<updates { step(replay.draw(count, using: &draw), transitions, &metrics) }
        }
        round += 1
        metrics.average()
        return metrics
    }

    /// The samples in random order, cut into parts of equal size.
    private static func shares(
        of samples: [[StoredTransition]], _ updates: Int, _ draw: inout some RandomNumberGenerator
    ) -> [ArraySlice<[StoredTransition]>] {
        let order = samples.shuffled(using: &draw)
        let count = min(updates, order.count)
        return (0..<count).map { order[order.count * $0 / count..<order.count * ($0 + 1) / count] }
    }

    private func baseline(steps: Int) -> ValueBaseline? {
        guard case .value(let settings) = rule.baseline else { return nil }
        if let value { return value }
        let made = ValueBaseline(settings, policy: policy, steps: steps, seed: seed)
        value = made
        return made
    }

    // MARK: What is learned from

    /// The steps that may be trained on, the noisiest first, for each sample in unit order.
    private func transitionsBySample(
        _ batch: TrainingBatch, _ transitions: [Transition]
    ) -> [[StoredTransition]] {
        let rewards = batch.rewards.flatMap { $0 }
        let advantages = advantages(rewards, batch.rollouts.flatMap(\.prompts))
        let trained = min(max(rule.trainedSteps ?? transitions.count, 1), transitions.count)
        let places = batch.rollouts.flatMap { rollout in (0..<rollout.samples).map { (rollout, $0) } }
        var samples = places.enumerated().map { index, place in
            (0..<trained).map { step in
                let (rollout, sample) = place
                return StoredTransition(
                    rollout: rollout, sample: sample, step: step, place: step, reward: rewards[index],
                    advantage: advantages[index],
                    oldLogProbability: Double(
                        rollout.logProbabilities.scalar(step * rollout.samples + sample)))
            }
        }
        if recomputesOld {
            let fresh = recomputed(samples.flatMap { $0 }, transitions)
            samples = samples.indices.map { Array(fresh[$0 * trained..<($0 + 1) * trained]) }
        }
        return samples
    }

    /// The transitions with log-probabilities under the policy as it is now.
    private func recomputed(_ items: [StoredTransition], _ transitions: [Transition]) -> [StoredTransition] {
        microBatches(items).flatMap { batch in
            let values = prediction(batch, transitions).logProbability.value.scalars
            return zip(batch, values).map { item, value in
                StoredTransition(
                    rollout: item.rollout, sample: item.sample, step: item.step, place: item.place,
                    reward: item.reward, advantage: item.advantage, oldLogProbability: Double(value))
            }
        }
    }

    /// Transitions that the path's divergence is estimated from.
    private static let divergenceSamples = 16

    /// The divergence of a whole trajectory from the base model, in nats.
    ///
    /// The mean over the samples of `κ_t |ε̂ - ε̂_base|²`, summed over the steps, from transitions that are spread over both. Under
    /// guidance, as they were drawn, also where the conditional prediction is what is trained.
    private func pathDivergence(_ rollouts: [Rollout], _ transitions: [Transition]) -> Double {
        let places = rollouts.flatMap { rollout in (0..<rollout.samples).map { (rollout, $0) } }
        let items = (0..<Self.divergenceSamples).map { index in
            let (rollout, sample) = places[index * places.count / Self.divergenceSamples]
            let step = index * transitions.count / Self.divergenceSamples
            return StoredTransition(
                rollout: rollout, sample: sample, step: step, place: step, reward: 0, advantage: 0,
                oldLogProbability: 0)
        }
        var sum = 0.0
        for batch in microBatches(items) {
            let own = predict(batch, transitions, isGuided: true, recompute: true).value
            let base = policy.withBaseModel { predict(batch, transitions, isGuided: true, recompute: true).value }
            for (item, difference) in zip(batch, own.meanSquareDifferences(base)) {
                sum += transitions[item.step].divergenceScale * difference
            }
        }
        let elements = Double(rollouts[0].latents.count / (rollouts[0].steps + 1) / rollouts[0].samples)
        return sum / Double(items.count) * elements * Double(transitions.count)
    }

    private func advantages(_ rewards: [Double], _ prompts: [String]) -> [Double] {
        let raw: [Double]
        switch rule.baseline {
        case .promptHistory:
            raw = statistics?.advantages(rewards: rewards, prompts: prompts) ?? rewards
        case .round: raw = PromptStatistics.batchAdvantages(rewards: rewards)
        case .group: raw = PromptStatistics.groupAdvantages(rewards: rewards, prompts: prompts)
        case .value: raw = rewards.map { _ in 0 }
        }
        guard let limit = rule.advantageClip else { return raw }
        return raw.map { min(max($0, -limit), limit) }
    }

    private static func deviation(_ values: [Double]) -> Double {
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0, +) / count
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }

    // MARK: One optimiser step

    private func microBatches(_ items: [StoredTransition]) -> [[StoredTransition]] {
        stride(from: 0, to: items.count, by: rule.microBatch).map {
            Array(items[$0..<min($0 + rule.microBatch, items.count)])
        }
    }

    /// Takes one step along the gradient of the mean loss of `items`.
    private func step(_ items: [StoredTransition], _ transitions: [Transition], _ metrics: inout UpdateMetrics) {
        for batch in microBatches(items) {
            accumulate(batch, transitions, scale: 1 / Double(items.count), &metrics)
        }
        metrics.terms += items.count
        metrics.gradientNorm += optimizer.update()
        metrics.updates += 1
    }

    private func accumulate(
        _ batch: [StoredTransition], _ transitions: [Transition], scale: Double, _ metrics: inout UpdateMetrics
    ) {
        let (output, logProbability) = prediction(batch, transitions)
        let advantages = value?.advantages(batch) ?? batch.map(\.advantage)
        var derivatives: [Float] = []
        for (index, value) in logProbability.value.scalars.enumerated() {
            let old = batch[index].oldLogProbability
            let term = rule.objective.term(
                logProbability: Double(value), old: old, advantage: advantages[index])
            let shift = Double(value) - old
            metrics.loss += term.loss
            metrics.approximateKL += 0.5 * shift * shift
            metrics.clipFraction += term.isClipped ? 1 : 0
            if metrics.updates == 0, batch[index].isFresh {
                metrics.ratioDrift = max(metrics.ratioDrift, abs(exp(shift) - 1))
            }
            derivatives.append(Float(term.derivative * scale))
        }
        var roots = [(logProbability, Tensor(derivatives, shape: [derivatives.count]))]
        if let penalty = rule.penalty {
            let base = policy.withBaseModel {
                predict(batch, transitions, isGuided: rule.isGuided, recompute: true).value
            }
            let prices = batch.map { penalty.price(divergenceScale: transitions[$0.step].divergenceScale) }
            let divergences = output.value.meanSquareDifferences(base)
            metrics.baseDivergence = (metrics.baseDivergence ?? 0) + divergences.reduce(0, +)
            metrics.loss += zip(prices, divergences).reduce(0) { $0 + $1.0 * $1.1 }
            let loss = output.weightedMeanSquare(base, weights: prices.map { Float($0 * scale) })
            roots.append((loss, Tensor([1], shape: [])))
        }
        backward(roots)
    }

    private func predict(
        _ batch: [StoredTransition], _ transitions: [Transition], isGuided: Bool, recompute: Bool
    ) -> Variable {
        policy.predict(
            Variable(.stacking(batch.map(\.from))), timesteps: batch.map { Float(transitions[$0.step].timestep) },
            text: policy.text(batch.map(\.prompt), phrases: batch.map(\.phrases)),
            guidance: batch.map { isGuided ? $0.guidance : 1 }, recompute: recompute)
    }

    /// The prediction for stored steps under the present policy, and the log-probability of what was drawn.
    private func prediction(
        _ batch: [StoredTransition], _ transitions: [Transition]
    ) -> (output: Variable, logProbability: Variable) {
        let output = predict(batch, transitions, isGuided: rule.isGuided, recompute: false)
        let steps = batch.map { transitions[$0.step] }
        let mean = Variable(Tensor.stacking(batch.map(\.from))).combined(
            steps.map { Float($0.sampleScale) }, output, steps.map { Float($0.outputScale) })
        return (
            output,
            mean.gaussianLogProbability(
                of: .stacking(batch.map(\.to)), deviation: steps.map(\.standardDeviation))
        )
    }
}

extension TrajectoryUpdate {
    public var state: PolicyUpdateState {
        PolicyUpdateState(round: round, statistics: statistics, replay: replay?.records)
    }

    public var tensors: [String: Tensor] {
        optimizer.state.merging(replay?.tensors.prefixed("replay.") ?? [:]) { $1 }
            .merging(value?.tensors.prefixed("value.") ?? [:]) { $1 }
    }

    public func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws {
        try optimizer.restore(tensors)
        round = state.round
        statistics = state.statistics ?? statistics
        try replay?.restore(state.replay ?? [], tensors.dropping(prefix: "replay."))
        // The gates of the first layer have a row for each step.
        let kept = tensors.dropping(prefix: "value.")
        guard let steps = kept["weight.hidden_0.gate"]?.shape[0], let value = baseline(steps: steps) else { return }
        try value.restore(kept)
    }
}
