internal import CKernels

/// What a normalisation's backward pass needs: mean and inverse deviation per row or per (sample, group).
public struct NormalizationStatistics: Sendable {
    let mean: Tensor
    let inverseDeviation: Tensor
}

extension Tensor {
    /// Group normalisation of `[sample, …, channel]`, then SiLU if `silu`, which is the pair of every ResNet block.
    ///
    /// Wu & He, "Group Normalization" (2018). The variance is the population's.
    public func groupNormalized(
        groups: Int, epsilon: Float, weight: Tensor, bias: Tensor, silu: Bool
    ) -> (Tensor, NormalizationStatistics) {
        precondition(channels % groups == 0, "\(channels) channels do not divide into \(groups) groups")
        let out = Tensor.output(shape)
        let statistics = NormalizationStatistics(
            mean: .output([shape[0], groups]), inverseDeviation: .output([shape[0], groups]))
        atelier_group_norm(
            pointer, weight.pointer, bias.pointer, out.pointer, statistics.mean.pointer,
            statistics.inverseDeviation.pointer, Int64(shape[0]), Int64(count / (shape[0] * channels)), Int64(channels),
            Int64(groups), epsilon, silu)
        return (out, statistics)
    }

    /// Gradients of ``groupNormalized(groups:epsilon:weight:bias:silu:)`` at its input `self`, weight and bias.
    ///
    /// Those at weight and bias are computed only if `parameters`.
    public func groupNormalizedGradient(
        groups: Int, weight: Tensor, bias: Tensor, silu: Bool, statistics: NormalizationStatistics, gradient: Tensor,
        parameters: Bool
    ) -> (input: Tensor, weight: Tensor?, bias: Tensor?) {
        let out = Tensor.output(shape)
        let perSample = [shape[0], channels]
        let (gradWeight, gradBias): (Tensor?, Tensor?) =
            parameters ? (Tensor.output(perSample), Tensor.output(perSample)) : (nil, nil)
        atelier_group_norm_backward(
            pointer, weight.pointer, bias.pointer, statistics.mean.pointer, statistics.inverseDeviation.pointer,
            gradient.pointer, out.pointer, gradWeight?.pointer, gradBias?.pointer, Int64(shape[0]),
            Int64(count / (shape[0] * channels)), Int64(channels), Int64(groups), silu)
        return (out, gradWeight?.summedRows(), gradBias?.summedRows())
    }

    /// Layer normalisation over the innermost dimension.
    ///
    /// Ba, Kiros & Hinton, "Layer Normalization" (2016).
    public func layerNormalized(epsilon: Float, weight: Tensor, bias: Tensor) -> (Tensor, NormalizationStatistics) {
        let out = Tensor.output(shape)
        let statistics = NormalizationStatistics(mean: .output([rows]), inverseDeviation: .output([rows]))
        atelier_layer_norm(
            pointer, weight.pointer, bias.pointer, out.pointer, statistics.mean.pointer,
            statistics.inverseDeviation.pointer, Int64(rows), Int64(channels), epsilon)
        return (out, statistics)
    }

    /// The gradient of ``layerNormalized(epsilon:weight:bias:)`` at its input, which was `self`.
    public func layerNormalizedGradient(
        weight: Tensor, statistics: NormalizationStatistics, gradient: Tensor
    ) -> Tensor {
        let out = Tensor.output(shape)
        atelier_layer_norm_backward(
            pointer, weight.pointer, statistics.mean.pointer, statistics.inverseDeviation.pointer, gradient.pointer,
            out.pointer, Int64(rows), Int64(channels))
        return out
    }

    /// The gradients of ``layerNormalized(epsilon:weight:bias:)`` at weight and bias, for the input `self`.
    public func layerNormalizedParameterGradients(
        statistics: NormalizationStatistics, gradient: Tensor
    ) -> (weight: Tensor, bias: Tensor) {
        let (weight, bias) = (Tensor.output([channels]), Tensor.output([channels]))
        atelier_layer_norm_backward_parameters(
            pointer, statistics.mean.pointer, statistics.inverseDeviation.pointer, gradient.pointer, weight.pointer,
            bias.pointer, Int64(rows), Int64(channels))
        return (weight, bias)
    }
}
