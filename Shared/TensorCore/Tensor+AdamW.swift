internal import CKernels

/// The numbers of one AdamW step that are the same for all parameters.
public struct AdamWStep: Sendable {
    public var learningRate: Double
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double
    /// Bias correction of the first moment, `1 - beta1^step`.
    public var correction1: Double
    /// Bias correction of the second moment, `1 - beta2^step`.
    public var correction2: Double
    /// Factor on every gradient, from clipping its norm.
    public var gradientScale: Double

    public init(
        learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, correction1: Double,
        correction2: Double, gradientScale: Double
    ) {
        (self.learningRate, self.beta1, self.beta2, self.epsilon) = (learningRate, beta1, beta2, epsilon)
        (self.weightDecay, self.correction1, self.correction2) = (weightDecay, correction1, correction2)
        self.gradientScale = gradientScale
    }
}

extension Tensor {
    /// Moves this parameter against `gradient` and updates its moments.
    ///
    /// Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2. All tensors have this one's shape.
    public mutating func applyAdamW(_ step: AdamWStep, gradient: Tensor, first: inout Tensor, second: inout Tensor) {
        requireSameShape(gradient)
        let count = Int64(count)
        withUnsafeMutableBuffer { value in
            first.withUnsafeMutableBuffer { first in
                second.withUnsafeMutableBuffer { second in
                    atelier_adamw(
                        value.baseAddress, gradient.pointer, first.baseAddress, second.baseAddress, count,
                        Float(step.learningRate), Float(step.beta1), Float(step.beta2), Float(step.epsilon),
                        Float(step.weightDecay), Float(step.correction1), Float(step.correction2),
                        Float(step.gradientScale))
                }
            }
        }
    }
}
