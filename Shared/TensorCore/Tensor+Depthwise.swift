internal import CKernels

extension Tensor {
    /// 2-d convolution of each channel of `[sample, height, width, channel]` by itself.
    ///
    /// - Parameters:
    ///   - weight: `[kernel, kernel, channel]`.
    ///   - bias: `[channel]`, or `nil` for none.
    ///   - stride: pixels between two places of the kernel.
    ///   - padding: the number of zero rows above and below (and columns left and right).
    /// - Returns: `[sample, outHeight, outWidth, channel]`.
    public func convolvedDepthwise(
        weight: Tensor, bias: Tensor?, stride: Int = 1, padding: (before: Int, after: Int)
    ) -> Tensor {
        precondition(
            shape.count == 4 && weight.shape.count == 3 && weight.channels == channels,
            "depthwise convolution: input \(shape) does not fit weight \(weight.shape)")
        let kernel = weight.shape[0]
        let extra = padding.before + padding.after - kernel
        let out = Tensor.output([
            shape[0], (shape[1] + extra) / stride + 1, (shape[2] + extra) / stride + 1, channels,
        ])
        OperationProfile.measure(
            "depthwise convolution", extents, operations: 2 * Double(out.count * kernel * kernel),
            bytes: byteCount + out.byteCount
        ) {
            atelier_depthwise(
                pointer, weight.pointer, bias?.pointer, out.pointer, Int64(shape[0]), Int64(shape[1]), Int64(shape[2]),
                Int64(channels), Int64(kernel), Int64(stride), Int64(padding.before), Int64(out.shape[1]),
                Int64(out.shape[2]))
        }
        return out
    }

    /// The gradient at the input of a depthwise convolution of an input of `inputShape`; `self` is that at its output.
    public func depthwiseInputGradient(
        inputShape: [Int], weight: Tensor, stride: Int, padding: (before: Int, after: Int)
    ) -> Tensor {
        let input = Tensor.output(inputShape)
        atelier_depthwise_backward(
            pointer, weight.pointer, input.pointer, Int64(inputShape[0]), Int64(inputShape[1]), Int64(inputShape[2]),
            Int64(channels), Int64(weight.shape[0]), Int64(stride), Int64(padding.before), Int64(shape[1]),
            Int64(shape[2]))
        return input
    }

    /// Multiplies every place of a sample by its vector: `self[s, …, c] * vector[s, c]`.
    public func multiplyingPerSample(_ vector: Tensor) -> Tensor {
        precondition(vector.shape == [shape[0], channels], "multiplyingPerSample: \(shape) and \(vector.shape)")
        let out = Tensor.output(shape)
        atelier_multiply_per_sample(
            pointer, vector.pointer, out.pointer, Int64(shape[0]), Int64(count / (shape[0] * channels)),
            Int64(channels))
        return out
    }
}
