import Autograd
import TensorCore

/// An operation with inputs at which its rule is checked.
struct GradientCheck: Sendable, CustomStringConvertible {
    let description: String
    let inputs: [Tensor]
    let operation: @Sendable ([Variable]) -> Variable

    /// - Parameters:
    ///   - description: what the case is called in the test's report.
    ///   - shapes: the inputs' shapes; their values are standard normal.
    ///   - minimumMagnitude: values are moved at least this far from zero, where the operation has a kink there.
    ///   - operation: what is checked.
    init(
        _ description: String, _ shapes: [[Int]], minimumMagnitude: Float = 0,
        _ operation: @escaping @Sendable ([Variable]) -> Variable
    ) {
        self.description = description
        self.operation = operation
        inputs = shapes.enumerated().map { index, shape in
            let values = Noise(seed: 11, sample: index, purpose: .experiment).gaussian(shape: shape).scalars
            return Tensor(values.map { $0 + ($0 < 0 ? -minimumMagnitude : minimumMagnitude) }, shape: shape)
        }
    }

    /// The inputs as leaves, of which those in `trained` require a gradient.
    func leaves(trained: Set<Int>) -> [Variable] {
        inputs.enumerated().map { Variable($1, requiresGradient: trained.contains($0)) }
    }

    /// Weights of the objective `sum(weights · operation(inputs))`: the gradient that the tape starts from.
    func weights(of output: Variable) -> Tensor {
        Noise(seed: 12, purpose: .experiment).gaussian(shape: output.shape)
    }

    /// The tape's gradients at the inputs in `trained`; `nil` at the others, if the tape left them alone.
    func gradients(trained: Set<Int>) -> [Tensor?] {
        let leaves = leaves(trained: trained)
        let output = operation(leaves)
        backward(output, gradient: weights(of: output))
        return leaves.map(\.gradient)
    }

    /// The objective, accumulated in f64: its rounding is then that of the operation alone.
    private func objective(_ inputs: [Tensor]) -> Double {
        let output = operation(inputs.map { Variable($0) })
        return zip(output.value.scalars, weights(of: output).scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    /// The derivative of the objective by each element of one input, from central differences of the fourth order.
    ///
    /// With a step of 1/32 the truncation, `h⁴/30` of the fifth derivative, is below 1e-7, and the rounding of f32
    /// operations, about 1e-6 in an objective of a few hundred terms, becomes 5e-5: both far below the tolerance.
    func differences(at input: Int) -> [Double] {
        let step: Float = 1 / 32
        return inputs[input].scalars.indices.map { element in
            func value(_ steps: Float) -> Double {
                var moved = inputs
                moved[input].withUnsafeMutableBuffer { $0[element] += steps * step }
                return objective(moved)
            }
            return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * Double(step))
        }
    }
}
