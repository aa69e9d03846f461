import Autograd
import Foundation
import NeuralNet
import RL
import TensorCore

/// What is trained takes no gradient, or a wrong one.
public struct SelfCheckError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

extension DiffusionPolicy {
    /// Compares the gradient at what is trained with a central difference along itself, before any time is spent.
    ///
    /// Silently missing LoRA gradients are a known failure of the field (recomputation with frozen inputs, detached
    /// means). B starts at zero and A's gradient with it, so the check of an adapter runs on random matrices.
    ///
    /// - Throws: ``SelfCheckError`` if the gradient vanishes or differs.
    public func selfCheck() throws {
        let parameters = model.trained
        let saved = parameters.map(\.variable.value)
        defer {
            for (parameter, value) in zip(parameters, saved) {
                parameter.variable.value = value
                parameter.variable.clearGradient()
            }
        }
        for (index, (_, variable)) in parameters.enumerated() where part.lora != nil {
            variable.value = Noise(seed: 1, unit: UInt64(index), purpose: .experiment)
                .gaussian(shape: variable.shape).scaled(0.05)
        }
        let latents = Noise(seed: 2, purpose: .experiment).gaussian(shape: model.latentShape(samples: 1))
        let target = Noise(seed: 3, purpose: .experiment).gaussian(shape: latents.shape)
        func output() -> Variable {
            predict(Variable(latents), timesteps: [500], text: text(["a"]), guidance: [3], recompute: true)
        }
        backward(output().meanSquare(target))
        let gradients = parameters.map { $0.variable.gradient }
        if let missing = zip(parameters, gradients).first(where: { ($1?.sumOfSquares ?? 0) == 0 })?.0.path {
            throw SelfCheckError(description: "the gradient is zero at \(missing)")
        }
        let norm = gradients.reduce(0) { $0 + ($1?.sumOfSquares ?? 0) }.squareRoot()
        func objective(_ step: Double) -> Double {
            for (parameter, (gradient, _)) in zip(parameters, zip(gradients, saved)) {
                guard let gradient else { continue }
                parameter.variable.value.accumulate(gradient, scale: Float(step / norm))
            }
            return output().value.meanSquareDifferences(target)[0]
        }
        // Small against the curvature of a trained network, large against the rounding in it (the objective is summed in
        // f64). Where that is depends on the network, on how much of it is trained (all of it curves more than an adapter), and
        // bf16 leaves little between the two: one step that agrees will do.
        let (steps, tolerance) = precision == .f32 ? ([0.003, 0.001], 0.05) : ([0.03, 0.1, 0.3], 0.2)
        var place = 0.0
        var measured: [Double] = []
        for step in steps {
            let above = objective(step - place)
            let below = objective(-2 * step)
            place = -step
            measured.append((above - below) / (2 * step))
            if abs(measured[measured.count - 1] - norm) < tolerance * norm { return }
        }
        throw SelfCheckError(
            description: "the gradient has norm \(norm), finite differences give "
                + measured.map { "\($0)" }.joined(separator: ", "))
    }
}
