import NeuralNet
import RL
import TensorCore

/// What updates a policy from the units of a round: one engine for each kind of ``LearningRule``.
public protocol PolicyUpdate: AnyObject {
    var policy: DiffusionPolicy { get }

    /// Updates the adapter from one round, whose units come in their order.
    ///
    /// - Returns: what the update did.
    func update(_ batch: TrainingBatch) -> UpdateMetrics

    /// What a checkpoint keeps beside the adapter and ``tensors``.
    var state: PolicyUpdateState { get }

    /// The optimiser's moments, and whatever else is large.
    var tensors: [String: Tensor] { get }

    /// Goes on from a checkpoint; the adapter is bound separately.
    ///
    /// - Throws: `ParameterError` if a tensor is missing or does not fit.
    func restore(_ state: PolicyUpdateState, tensors: [String: Tensor]) throws
}

/// The books of an update, which a checkpoint keeps in `state.json`.
public struct PolicyUpdateState: Codable, Sendable {
    /// Rounds done.
    public var round = 0
    /// The rewards that advantages are normalised over.
    public var statistics: PromptStatistics?
    /// The transitions that are kept for later rounds; their latents are among the tensors.
    public var replay: [ReplayRecord]?
    /// The base model's pictures that every round learns from; their latents are among the tensors.
    public var baseSamples: [BaseSampleRecord]?
}

extension DiffusionPolicy {
    /// The engine for a run's algorithm.
    public func makeUpdate(
        _ configuration: AlgorithmConfiguration, optimizer: OptimizerConfiguration, seed: UInt64,
        recomputesOld: Bool = false
    ) -> any PolicyUpdate {
        makeUpdate(configuration.algorithm, optimizer: optimizer, seed: seed, recomputesOld: recomputesOld)
    }

    /// The engine for an algorithm.
    ///
    /// - Parameters:
    ///   - algorithm: which, with its settings.
    ///   - optimizer: of the adapter.
    ///   - seed: of everything that the update draws.
    ///   - recomputesOld: whether old log-probabilities are computed anew before a round's first step; see
    ///     ``TrajectoryUpdate``.
    /// - Returns: the engine, which has learned nothing yet.
    public func makeUpdate(
        _ algorithm: any Algorithm, optimizer: OptimizerConfiguration, seed: UInt64, recomputesOld: Bool = false
    ) -> any PolicyUpdate {
        let elements = model.latentShape(samples: 1).reduce(1, *)
        return switch algorithm.rule(latentElements: elements) {
        case .trajectories(let rule):
            TrajectoryUpdate(policy: self, rule: rule, optimizer: optimizer, seed: seed, recomputesOld: recomputesOld)
        case .denoising(let rule):
            DenoisingUpdate(policy: self, rule: rule, optimizer: optimizer, seed: seed)
        case .rewardGradient(let rule):
            RewardGradientUpdate(policy: self, rule: rule, optimizer: optimizer, seed: seed)
        case .references(let rule):
            ReferenceUpdate(policy: self, rule: rule, optimizer: optimizer, seed: seed)
        }
    }

    /// What `body` computes with the base model: what is trained has its first values while it runs.
    func withBaseModel<Result>(_ body: () -> Result) -> Result {
        let saved = model.trained.map(\.variable.value)
        defer { for ((_, variable), value) in zip(model.trained, saved) { variable.value = value } }
        for ((_, variable), value) in zip(model.trained, base) { variable.value = value }
        return body()
    }

    /// A feature of each prompt, `[prompt, channel]`: the first text encoder's state of the whole text.
    func textFeature(_ prompts: [String]) -> Tensor {
        let tower = model.prompts.first
        return tower.encoder(tower.tokens(prompts)).pooled.value
    }
}

extension Dictionary where Key == String, Value == Tensor {
    /// The entries under other names.
    func prefixed(_ prefix: String) -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: map { (prefix + $0, $1) })
    }

    /// The entries whose names begin with `prefix`, without it.
    func dropping(prefix: String) -> [String: Tensor] {
        Dictionary(
            uniqueKeysWithValues: compactMap { name, value in
                name.hasPrefix(prefix) ? (String(name.dropFirst(prefix.count)), value) : nil
            })
    }
}
