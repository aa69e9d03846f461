import TensorCore

/// The low-rank update of one layer as a value: `ΔW = (alpha / rank) · B A`.
public struct LoRAModule: Sendable {
    /// A, `[rank, in]`, or `[rank, in, kernel, kernel]` of a convolution.
    public var down: Tensor
    /// B, `[out, rank]`, or `[out, rank, 1, 1]` of a convolution.
    public var up: Tensor
    public var alpha: Float

    /// An update, unless the matrices do not fit each other: then `nil`.
    public init?(down: Tensor, up: Tensor, alpha: Float? = nil) {
        guard down.shape.count == up.shape.count, down.shape.count == 2 || down.shape.count == 4,
            down.shape[0] > 0, up.shape[1] == down.shape[0], up.shape.dropFirst(2).allSatisfy({ $0 == 1 })
        else { return nil }
        (self.down, self.up, self.alpha) = (down, up, alpha ?? Float(down.shape[0]))
    }

    public var rank: Int { down.shape[0] }

    /// What `B A` is multiplied by.
    public var scale: Float { alpha / Float(rank) }

    /// The same update with another alpha: B takes the difference.
    public func withAlpha(_ alpha: Float) -> LoRAModule {
        guard alpha != self.alpha else { return self }
        var other = self
        other.up = up.scaled(self.alpha / alpha)
        other.alpha = alpha
        return other
    }

    /// `ΔW · factor`, as long as the layer's weight: `[out, in · kernel · kernel]`.
    public func delta(_ factor: Float) -> Tensor {
        let (outputs, rank) = (up.shape[0], rank)
        return up.reshaped([outputs, rank]).linearInputGradient(weight: down.reshaped([rank, -1])).scaled(
            scale * factor)
    }
}
