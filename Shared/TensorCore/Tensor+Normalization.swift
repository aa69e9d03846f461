internal import CKernels

/// What a normalisation's backward pass needs: mean and inverse deviation per row or per (sample, group).
public struct NormalizationStatistics: Sendable {
    let mean: Tensor
    let inverseDeviation: Tensor
}

extension Tensor {
    /// Group normalisation of `[sample, …, channel]`, then SiLU if `silu`, which is the pair of every ResNet block.
    ///
    /// `added`, `[sample, channel]`, is first added to every place of its sample, as a timestep's embedding is.
    ///
    /// Wu & He, "Group Normalization" (2018). The variance is the population's.
    public func groupNormalized(
        groups: Int, epsilon: Float, weight: Tensor, bias: Tensor, silu: Bool, adding added: Tensor? = nil
    ) -> (Tensor, NormalizationStatistics) {
        precondition(channels % groups == 0, "\(channels) channels do not divide into \(groups) groups")
        precondition(added.map { $0.shape == [shape[0], channels] } ?? true, "one vector per sample of \(shape)")
        let out = Tensor.output(shape, precision)
        let statistics = NormalizationStatistics(
            mean: .output([shape[0], groups]), inverseDeviation: .output([shape[0], groups]))
        OperationProfile.measure("group norm", extents, bytes: 3 * byteCount) {
            atelier_group_norm(
                precision.kernelType, bytes, added?.pointer, weight.pointer, bias.pointer, out.bytes,
                statistics.mean.pointer, statistics.inverseDeviation.pointer, Int64(shape[0]),
                Int64(count / (shape[0] * channels)), Int64(channels),
                Int64(groups), epsilon, silu)
        }
        return (out, statistics)
    }

    /// Gradients of ``groupNormalized(groups:epsilon:weight:bias:silu:adding:)`` at its input `self`, weight and bias.
    ///
    /// Those at weight and bias are computed only if `parameters`; the one at `added` is the input's, summed over each
    /// sample.
    public func groupNormalizedGradient(
        groups: Int, weight: Tensor, bias: Tensor, silu: Bool, adding added: Tensor? = nil,
        statistics: NormalizationStatistics, gradient: Tensor, parameters: Bool
    ) -> (input: Tensor, weight: Tensor?, bias: Tensor?) {
        let out = Tensor.output(shape)
        let perSample = [shape[0], channels]
        let (gradWeight, gradBias): (Tensor?, Tensor?) =
            parameters ? (Tensor.output(perSample), Tensor.output(perSample)) : (nil, nil)
        OperationProfile.measure("group norm, gradient", extents, bytes: 5 * byteCount) {
            atelier_group_norm_backward(
                pointer, added?.pointer, weight.pointer, bias.pointer, statistics.mean.pointer,
                statistics.inverseDeviation.pointer,
                gradient.pointer, out.pointer, gradWeight?.pointer, gradBias?.pointer, Int64(shape[0]),
                Int64(count / (shape[0] * channels)), Int64(channels), Int64(groups), silu)
        }
        return (out, gradWeight?.summedRows(), gradBias?.summedRows())
    }

    /// Layer normalisation over the innermost dimension.
    ///
    /// Ba, Kiros & Hinton, "Layer Normalization" (2016).
    public func layerNormalized(epsilon: Float, weight: Tensor, bias: Tensor) -> (Tensor, NormalizationStatistics) {
        let out = Tensor.output(shape, precision)
        let statistics = NormalizationStatistics(mean: .output([rows]), inverseDeviation: .output([rows]))
        OperationProfile.measure("layer norm", extents, bytes: 2 * byteCount) {
            atelier_layer_norm(
                precision.kernelType, bytes, weight.pointer, bias.pointer, out.bytes, statistics.mean.pointer,
                statistics.inverseDeviation.pointer, Int64(rows), Int64(channels), epsilon)
        }
        return (out, statistics)
    }

    /// The gradient of ``layerNormalized(epsilon:weight:bias:)`` at its input, which was `self`.
    public func layerNormalizedGradient(
        weight: Tensor, statistics: NormalizationStatistics, gradient: Tensor
    ) -> Tensor {
        let out = Tensor.output(shape)
        OperationProfile.measure("layer norm, gradient", extents, bytes: 3 * byteCount) {
            atelier_layer_norm_backward(
                pointer, weight.pointer, statistics.mean.pointer, statistics.inverseDeviation.pointer, gradient.pointer,
                out.pointer, Int64(rows), Int64(channels))
        }
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
