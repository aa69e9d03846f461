import Autograd
import Foundation
import TensorCore

/// AdamW's settings; the defaults are those of ddpo-pytorch but for the learning rate.
///
/// Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019).
public struct OptimizerConfiguration: Codable, Hashable, Sendable {
    public var learningRate: Double = 3e-4
    public var beta1: Double = 0.9
    public var beta2: Double = 0.999
    public var epsilon: Double = 1e-8
    public var weightDecay: Double = 1e-4
    /// Gradients are scaled down to this Euclidean norm over all parameters together.
    public var maxGradientNorm: Double = 1.0

    public init() {}
}

/// AdamW over a fixed list of parameters, with clipping of the total gradient norm.
public final class AdamW {
    public let configuration: OptimizerConfiguration
    /// Number of steps taken.
    public private(set) var step = 0

    private let parameters: [(path: String, variable: Variable)]
    private var first: [Tensor]
    private var second: [Tensor]

    public init(_ parameters: [(path: String, variable: Variable)], _ configuration: OptimizerConfiguration) {
        self.parameters = parameters
        self.configuration = configuration
        first = parameters.map { Tensor(zeros: $0.variable.shape) }
        second = first
    }

    /// Euclidean norm of all gradients together.
    public var gradientNorm: Double {
        parameters.reduce(0) { $0 + ($1.variable.gradient?.sumOfSquares ?? 0) }.squareRoot()
    }

    /// Takes one step along the gradients and clears them.
    ///
    /// - Parameter learningRate: instead of the configured one, for schedules.
    /// - Returns: the gradient norm before clipping; no step is taken if it is not finite.
    @discardableResult
    public func update(learningRate: Double? = nil) -> Double {
        defer { for (_, variable) in parameters { variable.clearGradient() } }
        let norm = gradientNorm
        guard norm.isFinite else { return norm }
        step += 1
        let scale = norm > configuration.maxGradientNorm ? configuration.maxGradientNorm / (norm + 1e-6) : 1
        let numbers = AdamWStep(
            learningRate: learningRate ?? configuration.learningRate, beta1: configuration.beta1,
            beta2: configuration.beta2, epsilon: configuration.epsilon, weightDecay: configuration.weightDecay,
            correction1: 1 - pow(configuration.beta1, Double(step)),
            correction2: 1 - pow(configuration.beta2, Double(step)), gradientScale: scale)
        for (index, (_, variable)) in parameters.enumerated() {
            guard let gradient = variable.gradient else { continue }
            variable.value.applyAdamW(numbers, gradient: gradient, first: &first[index], second: &second[index])
        }
        return norm
    }

    /// The state to go on from: both moments of every parameter, and the step.
    public var state: [String: Tensor] {
        var state = ["step": Tensor([Float(step)], shape: [1])]
        for (index, (path, _)) in parameters.enumerated() {
            state["\(path).exp_avg"] = first[index]
            state["\(path).exp_avg_sq"] = second[index]
        }
        return state
    }

    /// Goes on from a ``state``.
    ///
    /// - Throws: ``ParameterError`` if a moment is missing or has another shape than its parameter.
    public func restore(_ state: [String: Tensor]) throws {
        func moment(_ path: String, _ shape: [Int]) throws -> Tensor {
            guard let tensor = state[path], tensor.shape == shape else {
                throw ParameterError(
                    path: path, reason: "missing in the optimiser's state, or of another shape than \(shape)")
            }
            return tensor
        }
        let moments = try parameters.map { path, variable in
            (
                try moment("\(path).exp_avg", variable.shape), try moment("\(path).exp_avg_sq", variable.shape)
            )
        }
        first = moments.map(\.0)
        second = moments.map(\.1)
        step = Int(try moment("step", [1]).scalars[0])
    }
}
