import TensorCore

/// Computes `body(inputs)` and keeps only the inputs; the backward pass computes it again.
///
/// Costs one more forward pass of `body`, saves all its activations. Parameters that `body` captures get their gradients.
///
/// Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016).
public func recomputed(_ inputs: [Variable], _ body: @escaping ([Variable]) -> Variable) -> Variable {
    let result = body(inputs.map { Variable($0.value) })
    guard result.requiresGradient || inputs.contains(where: { $0.requiresGradient }) else { return result }
    // The parameters that body captures are leaves of its own; they take their gradients in the inner pass below.
    let trigger = Variable(Tensor(zeros: [0]), requiresGradient: true)
    let kept = inputs.map { ($0.value, $0.requiresGradient) }
    return Variable(result.value, inputs: inputs + [trigger]) { gradient in
        let again = kept.map { Variable($0, requiresGradient: $1) }
        backward(body(again), gradient: gradient)
        return again.map(\.gradient) + [nil]
    }
}
