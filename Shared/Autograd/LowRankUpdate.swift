import TensorCore

/// The map `x ↦ scale · up (down x)` that is added to a linear layer.
///
/// Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021).
public struct LowRankUpdate {
    /// A, `[rank, in]`, or `[rank, in, 1, 1]` where checkpoints store a 1×1 convolution.
    public let down: Variable
    /// B, `[out, rank]` or `[out, rank, 1, 1]`.
    public let up: Variable
    public let scale: Float

    public init(down: Variable, up: Variable, scale: Float) {
        (self.down, self.up, self.scale) = (down, up, scale)
    }

    /// The gradients at both matrices, from the one at the layer's result; the one at the layer's input is added to
    /// `atInput` where that is wanted.
    func gradients(
        input: Tensor, gradient: Tensor, addingTo atInput: inout Tensor?
    ) -> (down: Tensor?, up: Tensor?) {
        let needsDown = down.requiresGradient
        guard needsDown || up.requiresGradient || atInput != nil else { return (nil, nil) }
        let inner = gradient.linearInputGradient(weight: up.value).scaled(scale)
        if var sum = atInput.take() {
            sum.accumulate(inner.linearInputGradient(weight: down.value))
            atInput = sum
        }
        return (
            needsDown ? inner.linearWeightGradient(input: input).reshaped(down.shape) : nil,
            up.requiresGradient
                ? gradient.linearWeightGradient(input: input.linear(weight: down.value, bias: nil)).scaled(scale)
                    .reshaped(up.shape) : nil
        )
    }
}
