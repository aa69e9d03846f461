internal import CKernels

extension Tensor {
    /// Softmax attention of queries `self [sample, query, head·width]` over `keys` and `values` `[sample, key, head·width]`.
    ///
    /// Scores are scaled by `1 / √width` (Vaswani et al. 2017). Where `causal`, query `i` sees keys `0…i`. Blocked over query
    /// rows, so that the scores of a long sequence are never all in memory (Dao et al. 2022, without its tiling of the
    /// keys).
    public func attending(keys: Tensor, values: Tensor, heads: Int, causal: Bool = false) -> Tensor {
        precondition(
            keys.shape == values.shape && keys.shape[0] == shape[0] && keys.channels == channels,
            "attention: queries \(shape), keys \(keys.shape), values \(values.shape)")
        precondition(precision == keys.precision && precision == values.precision, "attention of mixed element types")
        precondition(channels % heads == 0, "\(channels) channels do not divide into \(heads) heads")
        let out = Tensor.output(shape, precision)
        let width = channels / heads
        OperationProfile.measure(
            "attention", "\(shape[0])×\(shape[1])×\(keys.shape[1]), \(heads) heads of \(channels / heads)",
            operations: 4 * Double(count) * Double(keys.shape[1]), bytes: 2 * byteCount + 2 * keys.byteCount
        ) {
            atelier_attention(
                precision.kernelType, bytes, keys.bytes, values.bytes, out.bytes, Int64(shape[0]), Int64(shape[1]),
                Int64(keys.shape[1]),
                Int64(heads), Int64(width), 1 / Float(width).squareRoot(), causal)
        }
        return out
    }

    /// Gradients at queries, keys and values of ``attending(keys:values:heads:causal:)``.
    ///
    /// `self` is the queries and `gradient` that at `output`. Scores are computed again instead of kept.
    public func attendingGradient(
        keys: Tensor, values: Tensor, heads: Int, causal: Bool, output: Tensor, gradient: Tensor
    ) -> (queries: Tensor, keys: Tensor, values: Tensor) {
        let (q, k, v) = (Tensor.output(shape), Tensor.output(keys.shape), Tensor.output(values.shape))
        let width = channels / heads
        OperationProfile.measure(
            "attention, gradient", "\(shape[0])×\(shape[1])×\(keys.shape[1]), \(heads) heads of \(channels / heads)",
            operations: 10 * Double(count) * Double(keys.shape[1]), bytes: 5 * byteCount + 4 * keys.byteCount
        ) {
            atelier_attention_backward(
                pointer, keys.pointer, values.pointer, output.pointer, gradient.pointer, q.pointer, k.pointer,
                v.pointer,
                Int64(shape[0]), Int64(shape[1]), Int64(keys.shape[1]), Int64(heads), Int64(width),
                1 / Float(width).squareRoot(), causal)
        }
        return (q, k, v)
    }
}
