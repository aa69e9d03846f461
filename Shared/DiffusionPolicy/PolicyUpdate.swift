import Autograd
import Diffusion
import Foundation
import NeuralNet
import RL
import TensorCore

/// The update loop that all policy-gradient algorithms share; they differ in advantage and loss.
public final class PolicyUpdate {
    public let policy: DiffusionPolicy
    public let configuration: AlgorithmConfiguration
    private let optimizer: AdamW
    private let objective: any PolicyObjective
    private let seed: UInt64
    private let recomputesOld: Bool
    private let scheduler: SamplingMethod
    private let recomputesActivations: Bool
    private var statistics: PromptStatistics?
    /// Rounds done.
    public private(set) var round = 0

    /// The update of one run, whose rollouts a scheduler draws.
    ///
    /// Where `recomputesOld`, the log-probabilities under the policy that drew a round are computed anew before its first
    /// step, by the arithmetic of the update, instead of taken from the rollouts: samplers may then compute in bf16, and
    /// every ratio still starts at 1. Where `recomputesActivations`, the backward pass computes the network's blocks again
    /// instead of keeping what is in them: a third slower, in a fraction of the memory.
    public init(
        policy: DiffusionPolicy, algorithm: AlgorithmConfiguration, optimizer: OptimizerConfiguration, seed: UInt64,
        scheduler: SamplingMethod = .ddim, recomputesOld: Bool = false, recomputesActivations: Bool = false
    ) {
        self.scheduler = scheduler
        self.recomputesOld = recomputesOld
        self.recomputesActivations = recomputesActivations
        self.policy = policy
        configuration = algorithm
        self.optimizer = AdamW(policy.model.adapter, optimizer)
        self.seed = seed
        objective = algorithm.makeObjective(latentElements: policy.model.latentShape(samples: 1).reduce(1, *))
        statistics = algorithm.tracker.map {
            PromptStatistics(bufferSize: $0.bufferSize, minimumCount: $0.minimumCount)
        }
    }

    /// One transition of one trajectory.
    private struct Item {
        var sample: Int
        var step: Int
    }

    /// The trajectories of a round, sample by sample, in unit order.
    private struct Round {
        var rollouts: [Rollout]
        /// Rollout and place in it of each sample.
        var places: [(rollout: Int, row: Int)]
        var advantages: [Double]
        var transitions: [Transition]
    }

    /// Updates the adapter from one round.
    ///
    /// - Parameters:
    ///   - rollouts: in unit order; all drawn with the same number of steps, guidance and eta.
    ///   - rewards: one per sample, rollout by rollout.
    /// - Returns: what the update did.
    /// - Throws: `ModelError` if the scheduler cannot have drawn such rollouts.
    public func update(rollouts: [Rollout], rewards: [[Double]]) throws(ModelError) -> UpdateMetrics {
        precondition(!rollouts.isEmpty && rollouts.map(\.samples) == rewards.map(\.count), "one reward per sample")
        var round = try makeRound(rollouts, rewards.flatMap { $0 })
        if recomputesOld { recomputeLogProbabilities(&round) }
        var metrics = UpdateMetrics()
        let mean = round.advantages.reduce(0, +) / Double(round.advantages.count)
        metrics.advantageDeviation =
            (round.advantages.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(round.advantages.count))
            .squareRoot()
        var transitions = 0
        for epoch in 0..<configuration.innerEpochs {
            var draw = Noise(seed: seed, unit: UInt64(self.round), sample: epoch, purpose: .order).makeGenerator()
            let order = Array(round.places.indices).shuffled(using: &draw)
            let updates = min(configuration.updatesPerRound, order.count)
            for index in 0..<updates {
                let share = order[order.count * index / updates..<order.count * (index + 1) / updates]
                let items = share.flatMap { sample in
                    steps(round.transitions, &draw).map { Item(sample: sample, step: $0) }
                }
                accumulate(items, round, isFirst: metrics.updates == 0, &metrics)
                transitions += items.count
                metrics.gradientNorm += optimizer.update()
                metrics.updates += 1
            }
        }
        self.round += 1
        metrics.loss /= Double(transitions)
        metrics.approximateKL /= Double(transitions)
        metrics.clipFraction /= Double(transitions)
        metrics.gradientNorm /= Double(max(metrics.updates, 1))
        return metrics
    }

    private func makeRound(_ rollouts: [Rollout], _ rewards: [Double]) throws(ModelError) -> Round {
        let prompts = rollouts.flatMap(\.prompts)
        let raw =
            statistics?.advantages(rewards: rewards, prompts: prompts)
            ?? PromptStatistics.batchAdvantages(rewards: rewards)
        let limit = configuration.advantageClip
        let places = rollouts.enumerated().flatMap { index, rollout in
            (0..<rollout.samples).map { (rollout: index, row: $0) }
        }
        return Round(
            rollouts: rollouts, places: places, advantages: raw.map { min(max($0, -limit), limit) },
            transitions: try policy.model.samplers.transitions(
                scheduler, count: rollouts[0].steps, eta: rollouts[0].eta))
    }

    /// The log-probabilities of all steps that may be trained on, under the policy as it is now.
    private func recomputeLogProbabilities(_ round: inout Round) {
        let items = round.places.indices.flatMap { sample in
            (0..<trainedSteps(of: round.transitions)).map { Item(sample: sample, step: $0) }
        }
        for start in stride(from: 0, to: items.count, by: configuration.microBatch) {
            let batch = Array(items[start..<min(start + configuration.microBatch, items.count)])
            for (item, value) in zip(batch, logProbabilities(batch, round).value.scalars) {
                let place = round.places[item.sample]
                let samples = round.rollouts[place.rollout].samples
                round.rollouts[place.rollout].logProbabilities.withUnsafeMutableBuffer {
                    $0[item.step * samples + place.row] = value
                }
            }
        }
    }

    /// The first steps of a trajectory, which are the ones trained on; a step that draws nothing cannot be.
    private func trainedSteps(of all: [Transition]) -> Int {
        let possible = all.prefix { $0.isStochastic }.count
        return min(max(configuration.trainedSteps ?? possible, 1), possible)
    }

    /// The steps of one trajectory that are trained on, in random order.
    private func steps(_ all: [Transition], _ draw: inout some RandomNumberGenerator) -> [Int] {
        let count = trainedSteps(of: all)
        let kept = max(1, Int((Double(count) * configuration.timestepFraction).rounded()))
        return Array((0..<count).shuffled(using: &draw).prefix(kept))
    }

    /// Adds the gradient of the mean loss of `items`; all timesteps are accumulated before a step.
    private func accumulate(_ items: [Item], _ round: Round, isFirst: Bool, _ metrics: inout UpdateMetrics) {
        let scale = 1 / Double(items.count)
        for start in stride(from: 0, to: items.count, by: configuration.microBatch) {
            let batch = Array(items[start..<min(start + configuration.microBatch, items.count)])
            let logProbability = logProbabilities(batch, round)
            var derivatives: [Float] = []
            for (item, value) in zip(batch, logProbability.value.scalars) {
                let place = round.places[item.sample]
                let rollout = round.rollouts[place.rollout]
                let old = Double(rollout.logProbabilities.scalar(item.step * rollout.samples + place.row))
                let term = objective.term(
                    logProbability: Double(value), old: old, advantage: round.advantages[item.sample])
                let shift = Double(value) - old
                metrics.loss += term.loss
                metrics.approximateKL += 0.5 * shift * shift
                metrics.clipFraction += term.isClipped ? 1 : 0
                if isFirst { metrics.ratioDrift = max(metrics.ratioDrift, abs(exp(shift) - 1)) }
                derivatives.append(Float(term.derivative * scale))
            }
            backward(logProbability, gradient: Tensor(derivatives, shape: [derivatives.count]))
        }
    }

    /// Log-probabilities of stored steps under the present policy, with the guided prediction in the graph.
    private func logProbabilities(_ batch: [Item], _ round: Round) -> Variable {
        func rows(_ offset: Int) -> Tensor {
            .stacking(
                batch.map { item in
                    let place = round.places[item.sample]
                    let rollout = round.rollouts[place.rollout]
                    let at = (item.step + offset) * rollout.samples + place.row
                    let flat = rollout.latents.reshaped([(rollout.steps + 1) * rollout.samples, -1])
                    return flat[at].reshaped(Array(rollout.latents.shape.dropFirst(2)))
                })
        }
        let transitions = batch.map { round.transitions[$0.step] }
        let prompts = batch.map { item in
            let place = round.places[item.sample]
            return round.rollouts[place.rollout].prompts[place.row]
        }
        let from = rows(0)
        let output = policy.predict(
            from, timesteps: transitions.map { Float($0.timestep) }, prompts: prompts,
            guidance: round.rollouts[0].guidance, recompute: recomputesActivations)
        let mean = Variable(from).combined(
            transitions.map { Float($0.sampleScale) }, output, transitions.map { Float($0.outputScale) })
        return mean.gaussianLogProbability(of: rows(1), deviation: transitions.map(\.standardDeviation))
    }
}

extension PolicyUpdate {
    /// What a checkpoint keeps beside the adapter.
    public struct State: Codable, Sendable {
        public var round: Int
        public var statistics: PromptStatistics?
    }

    public var state: State { State(round: round, statistics: statistics) }

    /// The optimiser's moments.
    public var optimizerState: [String: Tensor] { optimizer.state }

    /// Goes on from a checkpoint; the adapter is bound separately.
    public func restore(_ state: State, optimizer moments: [String: Tensor]) throws {
        try optimizer.restore(moments)
        round = state.round
        statistics = state.statistics
    }
}
