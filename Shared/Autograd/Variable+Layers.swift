import TensorCore

extension Variable {
    /// The affine map `self · weightᵀ + bias + residual`: `[…, in]` and `[out, in]` give `[…, out]`.
    ///
    /// - Parameters:
    ///   - weight: `[out, in]`, f32.
    ///   - bias: `[out]`, or `nil` for none.
    ///   - precision: of the products.
    ///   - residual: added to the result; of its shape.
    ///   - update: a low-rank update of the weight, or `nil` for none.
    /// - Returns: `[…, out]`, of the input's element type.
    public func linear(
        weight: Variable, bias: Variable?, precision: ComputePrecision = .f32, adding residual: Variable? = nil,
        update: LowRankUpdate? = nil
    ) -> Variable {
        let (input, matrix) = (value, weight.value)
        var out = input.linear(
            weight: matrix, bias: bias?.value, precision: precision, adding: residual?.value)
        if let update {
            out.addLowRank(input, down: update.down.value, up: update.up.value, scale: update.scale)
        }
        let optional = [bias, residual, update?.down, update?.up].compactMap { $0 }
        let (needsInput, needsWeight, needsBias) = (requiresGradient, weight.requiresGradient, bias?.requiresGradient)
        let hasResidual = residual != nil
        // Frozen weights need no input for their gradients.
        let kept = needsWeight || update != nil ? input : nil
        return Variable(out, inputs: [self, weight] + optional) { gradient in
            var atInput = needsInput ? gradient.linearInputGradient(weight: matrix, precision: precision) : nil
            let atUpdate = kept.flatMap { update?.gradients(input: $0, gradient: gradient, addingTo: &atInput) }
            let atWeight =
                needsWeight
                ? kept.map { gradient.linearWeightGradient(input: $0, precision: precision).reshaped(matrix.shape) }
                : nil
            var gradients: [Tensor?] = [atInput, atWeight]
            if let needsBias { gradients.append(needsBias ? gradient.summedRows() : nil) }
            if hasResidual { gradients.append(gradient) }
            if let atUpdate { gradients += [atUpdate.down, atUpdate.up] }
            return gradients
        }
    }

    /// 2-d convolution of `[sample, height, width, in]` with `weight [out, in, kernel, kernel]`, plus `residual`.
    ///
    /// As ``Tensor/convolved(weight:bias:stride:padding:precision:adding:output:)``.
    public func convolved(
        weight: Variable, bias: Variable?, stride: Int = 1, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32, adding residual: Variable? = nil, output: ComputePrecision? = nil
    ) -> Variable {
        let (input, kernel) = (value, weight.value)
        let out = input.convolved(
            weight: kernel, bias: bias?.value, stride: stride, padding: padding, precision: precision,
            adding: residual?.value, output: output)
        let (needsInput, needsWeight, needsBias) = (requiresGradient, weight.requiresGradient, bias?.requiresGradient)
        let (inputShape, hasResidual) = (shape, residual != nil)
        // Frozen weights need no input for their gradients.
        let kept = needsWeight || needsBias == true ? input : nil
        return Variable(out, inputs: [self, weight] + [bias, residual].compactMap { $0 }) { gradient in
            let parameters = kept.map {
                gradient.convolutionWeightGradient(
                    input: $0, weightShape: kernel.shape, hasBias: needsBias != nil, stride: stride, padding: padding,
                    precision: precision)
            }
            return [
                needsInput
                    ? gradient.convolutionInputGradient(
                        inputShape: inputShape, weight: kernel, stride: stride, padding: padding,
                        precision: precision) : nil,
                needsWeight ? parameters?.weight : nil,
            ] + (needsBias.map { [$0 ? parameters?.bias : nil] } ?? []) + (hasResidual ? [gradient] : [])
        }
    }

    /// Group normalisation, then SiLU if `silu`; `added`, `[sample, channel]`, is first added to every place.
    public func groupNormalized(
        groups: Int, epsilon: Float, weight: Variable, bias: Variable, silu: Bool, adding added: Variable? = nil
    ) -> Variable {
        let (input, scale, shift, addend) = (value, weight.value, bias.value, added?.value)
        let (out, statistics) = input.groupNormalized(
            groups: groups, epsilon: epsilon, weight: scale, bias: shift, silu: silu, adding: addend)
        let needsParameters = weight.requiresGradient || bias.requiresGradient
        let needsAdded = added?.requiresGradient
        return Variable(out, inputs: [self, weight, bias] + (added.map { [$0] } ?? [])) { gradient in
            let gradients = input.groupNormalizedGradient(
                groups: groups, weight: scale, bias: shift, silu: silu, adding: addend, statistics: statistics,
                gradient: gradient, parameters: needsParameters)
            return [gradients.input, gradients.weight, gradients.bias]
                + (needsAdded.map { [$0 ? gradients.input.summedPerSample() : nil] } ?? [])
        }
    }

    /// Layer normalisation over the channels.
    public func layerNormalized(epsilon: Float, weight: Variable, bias: Variable) -> Variable {
        let (input, scale) = (value, weight.value)
        let (out, statistics) = input.layerNormalized(epsilon: epsilon, weight: scale, bias: bias.value)
        let (needsInput, needsParameters) = (requiresGradient, weight.requiresGradient || bias.requiresGradient)
        return Variable(out, inputs: [self, weight, bias]) { gradient in
            let parameters =
                needsParameters
                ? input.layerNormalizedParameterGradients(statistics: statistics, gradient: gradient) : nil
            return [
                needsInput
                    ? input.layerNormalizedGradient(weight: scale, statistics: statistics, gradient: gradient) : nil,
                parameters?.weight, parameters?.bias,
            ]
        }
    }

    /// Softmax attention of queries `self` over `keys` and `values`, all `[sample, token, head·width]`.
    public func attending(keys: Variable, values: Variable, heads: Int, causal: Bool = false) -> Variable {
        let (q, k, v) = (value, keys.value, values.value)
        let out = q.attending(keys: k, values: v, heads: heads, causal: causal)
        return Variable(out, inputs: [self, keys, values]) { gradient in
            let gradients = q.attendingGradient(
                keys: k, values: v, heads: heads, causal: causal, output: out, gradient: gradient)
            return [gradients.queries, gradients.keys, gradients.values]
        }
    }

    /// Rows of this table chosen by `indices`.
    public func gathering(_ indices: [Int]) -> Variable {
        let table = shape
        return Variable(value.gathering(indices), inputs: [self]) { gradient in
            var sum = Tensor(zeros: table)
            sum.scatterAdd(gradient, at: indices)
            return [sum]
        }
    }

    /// The channels of `self`, then those of `other`.
    public func concatenatingChannels(_ other: Variable) -> Variable {
        let width = shape[shape.count - 1]
        return Variable(value.concatenatingChannels(other.value), inputs: [self, other]) { gradient in
            let (first, second) = gradient.splittingChannels(at: width)
            return [first, second]
        }
    }

    /// The first `width` channels and the rest.
    public func splittingChannels(at width: Int) -> (Variable, Variable) {
        let (first, second) = value.splittingChannels(at: width)
        let shapes = (first: first.shape, second: second.shape)
        return (
            Variable(first, inputs: [self]) { [$0.concatenatingChannels(Tensor(zeros: shapes.second))] },
            Variable(second, inputs: [self]) { [Tensor(zeros: shapes.first).concatenatingChannels($0)] }
        )
    }

    /// Nearest-neighbour enlargement by two of `[sample, height, width, channel]`.
    public func upsampled() -> Variable {
        Variable(value.upsampled(), inputs: [self]) { [$0.upsampledGradient()] }
    }

    /// Rows `range` of the outermost dimension.
    public subscript(rows range: Range<Int>) -> Variable {
        let whole = shape
        return Variable(value[rows: range], inputs: [self]) { gradient in
            let inner = Array(whole.dropFirst())
            let before = Tensor(zeros: [range.lowerBound] + inner)
            let after = Tensor(zeros: [whole[0] - range.upperBound] + inner)
            return [Tensor.concatenating([before, gradient, after])]
        }
    }

    /// One after the other along the outermost dimension.
    public static func concatenating(_ parts: [Variable]) -> Variable {
        let kept = parts.map { (rows: $0.shape[0], isNeeded: $0.requiresGradient) }
        return Variable(Tensor.concatenating(parts.map(\.value)), inputs: parts) { gradient in
            var at = 0
            return kept.map { part in
                defer { at += part.rows }
                return part.isNeeded ? gradient[rows: at..<at + part.rows] : nil
            }
        }
    }
}
