import TensorCore

extension Variable {
    /// 2-d convolution of each channel of `[sample, height, width, channel]` by itself, with a frozen weight.
    ///
    /// As ``Tensor/convolvedDepthwise(weight:bias:stride:padding:)``.
    public func convolvedDepthwise(
        weight: Tensor, bias: Tensor?, stride: Int = 1, padding: (before: Int, after: Int)
    ) -> Variable {
        let input = shape
        let out = value.convolvedDepthwise(weight: weight, bias: bias, stride: stride, padding: padding)
        return Variable(out, inputs: [self]) { gradient in
            [gradient.depthwiseInputGradient(inputShape: input, weight: weight, stride: stride, padding: padding)]
        }
    }

    /// Multiplies every place of a sample by its vector: `self[s, …, c] * vector[s, c]`.
    public func multiplyingPerSample(_ vector: Variable) -> Variable {
        let (x, y) = (vector.requiresGradient ? value : nil, requiresGradient ? vector.value : nil)
        return Variable(value.multiplyingPerSample(vector.value), inputs: [self, vector]) { gradient in
            [y.map { gradient.multiplyingPerSample($0) }, x.map { gradient.multiplying($0).summedPerSample() }]
        }
    }

    /// The mean over all places of a sample: `[sample, channel]`.
    public func meanPerSample() -> Variable {
        let whole = shape
        let scale = Float(whole[0] * whole[whole.count - 1]) / Float(value.count)
        return Variable(value.summedPerSample().scaled(scale), inputs: [self]) { gradient in
            [Tensor(zeros: whole).addingPerSample(gradient.scaled(scale))]
        }
    }
}
