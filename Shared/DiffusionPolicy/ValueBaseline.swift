import Autograd
import NeuralNet
import RL
import TensorCore

/// A value network in training: fitted to the rewards of stored transitions, and subtracted from them.
final class ValueBaseline {
    private let settings: ValueSettings
    private let network: ValueNetwork
    private let optimizer: AdamW
    private unowned let policy: DiffusionPolicy
    private var features: [String: Tensor] = [:]

    /// A fresh network for trajectories of `steps` steps.
    init(_ settings: ValueSettings, policy: DiffusionPolicy, steps: Int, seed: UInt64) {
        self.settings = settings
        self.policy = policy
        let elements = policy.model.latentShape(samples: 1).reduce(1, *)
        network = ValueNetwork(
            inputs: elements + policy.textFeature([""]).count, steps: steps, width: settings.width, seed: seed)
        var adam = OptimizerConfiguration()
        adam.learningRate = settings.learningRate
        adam.weightDecay = settings.weightDecay
        adam.maxGradientNorm = .greatestFiniteMagnitude
        optimizer = AdamW(network.parameters, adam)
    }

    /// Fits the network to mini-batches of the store.
    ///
    /// - Returns: the mean squared error before the steps.
    func fit(_ store: TransitionStore, using generator: inout some RandomNumberGenerator) -> Double {
        var error = 0.0
        for update in 0..<settings.updates {
            for _ in 0..<settings.accumulation {
                let drawn = store.draw(settings.transitions, using: &generator)
                let target = Tensor(drawn.map { Float($0.reward) }, shape: [drawn.count, 1])
                let loss = values(drawn).meanSquare(target)
                if update == 0 { error += Double(loss.value.scalars[0]) / Double(settings.accumulation) }
                backward(loss, gradient: Tensor([1 / Float(settings.accumulation)], shape: []))
            }
            optimizer.update()
        }
        return error
    }

    /// The reward of each transition less what the network expects of it.
    func advantages(_ transitions: [StoredTransition]) -> [Double] {
        zip(transitions, values(transitions).value.scalars).map { $0.reward - Double($1) }
    }

    private func values(_ transitions: [StoredTransition]) -> Variable {
        let text = Tensor.concatenating(transitions.map { feature($0.prompt) })
        return network(.stacking(transitions.map(\.from)), text: text, steps: transitions.map(\.step))
    }

    private func feature(_ prompt: String) -> Tensor {
        if let known = features[prompt] { return known }
        let made = policy.textFeature([prompt])
        features[prompt] = made
        return made
    }

    var tensors: [String: Tensor] {
        let weights = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.path, $0.variable.value) })
        return weights.prefixed("weight.").merging(optimizer.state.prefixed("optimizer.")) { $1 }
    }

    /// Takes up what ``tensors`` held.
    ///
    /// - Throws: `ParameterError` if a tensor is missing or does not fit.
    func restore(_ tensors: [String: Tensor]) throws {
        let weights = tensors.dropping(prefix: "weight.")
        for (path, variable) in network.parameters {
            guard let value = weights[path], value.shape == variable.shape else {
                throw ParameterError(
                    path: "value.\(path)", reason: "missing, or of another shape than \(variable.shape)")
            }
            variable.value = value
        }
        try optimizer.restore(tensors.dropping(prefix: "optimizer."))
    }
}
