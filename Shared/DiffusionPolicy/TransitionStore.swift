import Diffusion
import NeuralNet
import RL
import TensorCore

/// One step of one trajectory, with what its trajectory earned.
struct StoredTransition {
    /// The unit it belongs to; shared, not copied.
    let rollout: Rollout
    let sample: Int
    /// The number of the step in the scheduler's trajectory, 0 for the noisiest.
    let step: Int
    /// Where `rollout` has the latent before the step.
    let place: Int
    let reward: Double
    /// Normalised, or 0 where a value network is the baseline.
    let advantage: Double
    /// The log-probability under the policy that drew it.
    let oldLogProbability: Double
    /// Whether the policy that drew it is the one that the round began with; kept transitions are older.
    var isFresh = true

    var prompt: String { rollout.prompts[sample] }
    var phrases: [WeightedPhrase] { rollout.phrases(of: sample) }
    var guidance: Double { rollout.conditions.guidance[place] }
    var from: Tensor { rollout.latent(of: sample, after: place) }
    var to: Tensor { rollout.latent(of: sample, after: place + 1) }
}

/// What a checkpoint says of a kept transition.
public struct ReplayRecord: Codable, Hashable, Sendable {
    public var prompt: String
    public var step: Int
    public var reward: Double
    public var oldLogProbability: Double
    public var guidance: Double
    public var eta: Double
    public var phrases: [WeightedPhrase]
}

/// The latest transitions of past rounds, first in, first out.
struct TransitionStore {
    let capacity: Int
    private(set) var transitions: [StoredTransition] = []

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ more: [StoredTransition]) {
        let kept = transitions.map { transition in
            var transition = transition
            transition.isFresh = false
            return transition
        }
        transitions = (kept + more).suffix(capacity)
    }

    /// Different transitions, at most as many as there are.
    func draw(_ count: Int, using generator: inout some RandomNumberGenerator) -> [StoredTransition] {
        transitions.indices.shuffled(using: &generator).prefix(count).map { transitions[$0] }
    }

    var records: [ReplayRecord] {
        transitions.map {
            ReplayRecord(
                prompt: $0.prompt, step: $0.step, reward: $0.reward, oldLogProbability: $0.oldLogProbability,
                guidance: $0.guidance, eta: $0.rollout.conditions.eta, phrases: $0.phrases)
        }
    }

    var tensors: [String: Tensor] {
        guard !transitions.isEmpty else { return [:] }
        return ["from": .stacking(transitions.map(\.from)), "to": .stacking(transitions.map(\.to))]
    }

    /// Takes up what ``records`` and ``tensors`` held.
    ///
    /// - Throws: `ParameterError` if the latents are missing or not as many.
    mutating func restore(_ records: [ReplayRecord], _ tensors: [String: Tensor]) throws {
        guard !records.isEmpty else { return transitions = [] }
        guard let from = tensors["from"], let to = tensors["to"], from.shape == to.shape,
            from.shape.first == records.count
        else {
            throw ParameterError(
                path: "replay", reason: "the latents of the kept transitions are missing or do not fit")
        }
        transitions = records.enumerated().map { index, record in
            let rollout = Rollout(
                prompts: [record.prompt],
                latents: .stacking([from[rows: index..<index + 1], to[rows: index..<index + 1]]),
                logProbabilities: Tensor([Float(record.oldLogProbability)], shape: [1, 1]),
                conditions: Rollout.Conditions(
                    guidance: [record.guidance], eta: record.eta, phrases: [record.phrases]))
            return StoredTransition(
                rollout: rollout, sample: 0, step: record.step, place: 0, reward: record.reward, advantage: 0,
                oldLogProbability: record.oldLogProbability)
        }
    }
}
