import TensorCore

/// What the text encoders say of prompts: all that a UNet is told of them.
public struct TextStates: Sendable {
    /// One state for each token, `[prompt, token, channel]`.
    public var context: Tensor
    /// SDXL's state of the whole text, `[prompt, channel]`.
    public var pooled: Tensor?

    public init(context: Tensor, pooled: Tensor? = nil) { (self.context, self.pooled) = (context, pooled) }

    /// The number of prompts.
    public var count: Int { context.shape[0] }

    /// The states of some of the prompts.
    public subscript(rows range: Range<Int>) -> TextStates {
        TextStates(context: context[rows: range], pooled: pooled.map { $0[rows: range] })
    }

    /// The states of one prompt, `count` times.
    public func repeated(_ count: Int) -> TextStates {
        .concatenating([TextStates](repeating: self, count: count))
    }

    /// The states of all prompts of all parts, in order.
    public static func concatenating(_ parts: [TextStates]) -> TextStates {
        let pooled = parts.compactMap(\.pooled)
        return TextStates(
            context: .concatenating(parts.map(\.context)),
            pooled: pooled.count == parts.count && !pooled.isEmpty ? .concatenating(pooled) : nil)
    }

    /// States as of no text at all: SDXL's for the empty prompt.
    public var zeros: TextStates {
        TextStates(context: Tensor(zeros: context.shape), pooled: pooled.map { Tensor(zeros: $0.shape) })
    }
}
