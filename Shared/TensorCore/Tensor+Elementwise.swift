internal import CKernels

/// A pointwise non-linearity.
public enum Activation: Int32, Sendable {
    case silu, gelu, quickGELU, tanh, relu
}

extension Tensor {
    public func adding(_ other: Tensor) -> Tensor {
        requireSameShape(other)
        let out = Tensor.output(shape, precision)
        OperationProfile.measure("sum", extents, bytes: 3 * byteCount) {
            atelier_add(precision.kernelType, bytes, other.bytes, out.bytes, Int64(count))
        }
        return out
    }

    public func subtracting(_ other: Tensor) -> Tensor { combined(1, other, -1) }

    public func multiplying(_ other: Tensor) -> Tensor {
        requireSameShape(other)
        let out = Tensor.output(shape)
        atelier_multiply(pointer, other.pointer, out.pointer, Int64(count))
        return out
    }

    public func scaled(_ factor: Float) -> Tensor {
        let out = Tensor.output(shape)
        atelier_scale(factor, pointer, out.pointer, Int64(count))
        return out
    }

    /// The weighted sum `alpha * self + beta * other` of tensors of one shape.
    public func combined(_ alpha: Float, _ other: Tensor, _ beta: Float) -> Tensor {
        requireSameShape(other)
        let out = Tensor.output(shape)
        atelier_combine(alpha, pointer, beta, other.pointer, out.pointer, Int64(count))
        return out
    }

    /// `alpha[s] * self[s] + beta[s] * other[s]` for every sample `s` of the outermost dimension.
    public func combined(_ alpha: [Float], _ other: Tensor, _ beta: [Float]) -> Tensor {
        requireSameShape(other)
        precondition(alpha.count == shape[0] && beta.count == shape[0], "one factor per sample of \(shape)")
        let out = Tensor.output(shape)
        atelier_combine_samples(
            alpha, pointer, beta, other.pointer, out.pointer, Int64(shape[0]), Int64(count / max(shape[0], 1)))
        return out
    }

    /// Adds `factor * other`, of the same shape, in place.
    public mutating func accumulate(_ other: Tensor, scale factor: Float = 1) {
        requireSameShape(other)
        let count = Int64(count)
        withUnsafeMutableBuffer { atelier_accumulate(factor, other.pointer, $0.baseAddress, count) }
    }

    public func activated(_ activation: Activation) -> Tensor {
        let out = Tensor.output(shape, precision)
        OperationProfile.measure("activation", extents, bytes: 2 * byteCount) {
            atelier_activation(precision.kernelType, activation.rawValue, bytes, out.bytes, Int64(count))
        }
        return out
    }

    /// The gradient at the input of an activation whose input was `self`.
    public func activationGradient(_ activation: Activation, _ gradient: Tensor) -> Tensor {
        requireSameShape(gradient)
        let out = Tensor.output(shape)
        OperationProfile.measure("activation, gradient", extents, bytes: 3 * byteCount) {
            atelier_activation_backward(activation.rawValue, pointer, gradient.pointer, out.pointer, Int64(count))
        }
        return out
    }

    /// The gated `a * gelu(b)` of `self`, which is `[a, b]` along the channels: `[…, 2·width]` to `[…, width]`.
    ///
    /// Shazeer, "GLU Variants Improve Transformer" (2020), with the exact GELU.
    public func geglu() -> Tensor {
        let width = channels / 2
        let out = Tensor.output(shape.dropLast() + [width], precision)
        OperationProfile.measure("geglu", extents, bytes: 3 * byteCount / 2) {
            atelier_geglu(precision.kernelType, bytes, out.bytes, Int64(rows), Int64(width))
        }
        return out
    }

    /// The gradient at the input of ``geglu()``, which was `self`.
    public func gegluGradient(_ gradient: Tensor) -> Tensor {
        let out = Tensor.output(shape)
        OperationProfile.measure("geglu, gradient", extents, bytes: 5 * byteCount / 2) {
            atelier_geglu_backward(pointer, gradient.pointer, out.pointer, Int64(rows), Int64(channels / 2))
        }
        return out
    }

    /// Adds a vector to every place of its sample: `self[s, …, c] + vector[s, c]`.
    public func addingPerSample(_ vector: Tensor) -> Tensor {
        precondition(vector.shape == [shape[0], channels], "addingPerSample: \(shape) and \(vector.shape)")
        precondition(precision == vector.precision, "addingPerSample: \(precision) and \(vector.precision)")
        let out = Tensor.output(shape, precision)
        let (samples, inner) = (Int64(shape[0]), Int64(count / (shape[0] * channels)))
        OperationProfile.measure("sum per sample", extents, bytes: 2 * byteCount) {
            atelier_add_per_sample(
                precision.kernelType, bytes, vector.bytes, out.bytes, samples, inner, Int64(channels))
        }
        return out
    }

    /// The sum over all but the outermost and the innermost dimension: `[sample, channel]`.
    public func summedPerSample() -> Tensor {
        let out = Tensor.output([shape[0], channels])
        let (samples, inner) = (Int64(shape[0]), Int64(count / (shape[0] * channels)))
        atelier_sum_per_sample(pointer, out.pointer, samples, inner, Int64(channels))
        return out
    }

    /// The sum over all but the innermost dimension: `[channel]`.
    public func summedRows() -> Tensor {
        let out = Tensor.output([channels])
        atelier_sum_rows(pointer, out.pointer, Int64(rows), Int64(channels))
        return out
    }

    /// The sum of squares, accumulated in f64.
    public var sumOfSquares: Double { atelier_sum_of_squares(pointer, Int64(count)) }

    /// The mean of `(self - other)²` over the elements of each sample: one number per sample, accumulated in f64.
    public func meanSquareDifferences(_ other: Tensor) -> [Double] {
        requireSameShape(other)
        var out = [Double](repeating: 0, count: shape[0])
        atelier_mean_square_per_sample(
            pointer, other.pointer, &out, Int64(shape[0]), Int64(count / max(shape[0], 1)))
        return out
    }
}
