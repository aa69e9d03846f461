import Autograd
import Foundation
import NeuralNet
import TensorCore

/// Settings of the value network and of its training.
public struct ValueSettings: Codable, Hashable, Sendable {
    /// Width of the three hidden layers.
    public var width = 256
    public var learningRate = 1e-4
    /// PyTorch's default, which DPOK's code keeps.
    public var weightDecay = 0.01
    /// Transitions of one mini-batch.
    public var transitions = 256
    /// Mini-batches whose gradients one optimiser step adds up.
    public var accumulation = 5
    /// Optimiser steps a round.
    public var updates = 1

    public init() {}

    func validate() throws(AlgorithmError) {
        try AlgorithmError.requirePositive(width, "value.width")
        try AlgorithmError.requirePositive(learningRate, "value.learningRate")
        try AlgorithmError.requirePositive(transitions, "value.transitions")
        try AlgorithmError.requirePositive(accumulation, "value.accumulation")
        try AlgorithmError.requirePositive(updates, "value.updates")
        guard weightDecay >= 0 else { throw AlgorithmError("value.weightDecay", "\(weightDecay) is negative") }
    }
}

/// DPOK's value network: what reward to expect of a noisy latent, a prompt and a step.
///
/// Three linear layers over the latent's elements beside the text's feature, each result multiplied, element by element,
/// with a learned vector of its step, then ReLU; one linear layer to the value. Fan et al. (2023), by the authors' code
/// (`ValueMulti`).
public final class ValueNetwork {
    private let layers: [Linear]
    /// One vector for each step, `[step, width]`, of each hidden layer.
    private let gates: [Variable]
    private let head: Linear
    public let parameters: [(path: String, variable: Variable)]

    /// A network of random weights.
    ///
    /// - Parameters:
    ///   - inputs: elements of the latent and of the text's feature together.
    ///   - steps: of a trajectory.
    ///   - width: of the hidden layers.
    ///   - seed: of the start: Xavier's normal for the weights, U(0, 1) for the gates.
    public init(inputs: Int, steps: Int, width: Int, seed: UInt64) {
        let store = ParameterStore(.random(seed: seed))
        func layer(_ name: String, _ from: Int, _ to: Int) -> Linear {
            do {
                let deviation = Float((2 / Double(from + to)).squareRoot())
                return try Linear(from, to, store.root[name], initial: .gaussian(deviation: deviation))
            } catch {
                preconditionFailure("random weights always fit: \(error)")
            }
        }
        layers = [inputs, width, width].enumerated().map { layer("hidden_\($0)", $1, width) }
        head = layer("head", width, 1)
        gates = (0..<3).map { index in
            var draw = Noise(seed: seed, unit: UInt64(index), sample: 1, purpose: .parameters).makeGenerator()
            let values = (0..<steps * width).map { _ in Float.random(in: 0..<1, using: &draw) }
            return Variable(Tensor(values, shape: [steps, width]), requiresGradient: true)
        }
        parameters =
            store.parameters.map { ($0.path, $0.variable) }
            + gates.enumerated().map { ("hidden_\($0).gate", $1) }
    }

    /// The value of each row.
    ///
    /// - Parameters:
    ///   - latents: `[row, …]`.
    ///   - text: a feature of each row's prompt, `[row, channel]`.
    ///   - steps: the number of each row's step, 0 for the noisiest.
    /// - Returns: `[row, 1]`.
    public func callAsFunction(_ latents: Tensor, text: Tensor, steps: [Int]) -> Variable {
        var hidden = Variable(latents.reshaped([steps.count, -1]).concatenatingChannels(text))
        for (layer, gate) in zip(layers, gates) {
            hidden = (layer(hidden) * gate.gathering(steps)).activated(.relu)
        }
        return head(hidden)
    }
}
