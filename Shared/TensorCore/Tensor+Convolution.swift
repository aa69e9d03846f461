internal import COneDNN

extension Tensor {
    private func convolutionShape(
        _ weightShape: [Int], stride: Int, padding: (before: Int, after: Int), hasBias: Bool,
        _ precision: ComputePrecision
    ) -> ConvolutionShape {
        precondition(
            shape.count == 4 && weightShape.count == 4 && shape[3] == weightShape[1],
            "convolution: input \(shape) does not fit weight \(weightShape)")
        return ConvolutionShape(
            samples: shape[0], height: shape[1], width: shape[2], inputs: shape[3], outputs: weightShape[0],
            kernel: weightShape[2], stride: stride, paddingBefore: padding.before, paddingAfter: padding.after,
            hasBias: hasBias, precision: precision.supported)
    }

    /// 2-d convolution of `[sample, height, width, in]` with `weight [out, in, kernel, kernel]`.
    ///
    /// A cross-correlation, as in PyTorch. `padding` is the number of zero rows above and below (and columns left and right).
    public func convolved(
        weight: Tensor, bias: Tensor?, stride: Int = 1, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32
    ) -> Tensor {
        let extents = convolutionShape(weight.shape, stride: stride, padding: padding, hasBias: bias != nil, precision)
        let primitive = ConvolutionPrimitive.of(extents, .forward)
        let input = primitive.operand(self)
        let out = Tensor.output([extents.samples, extents.outputHeight, extents.outputWidth, extents.outputs])
        let packed = primitive.packed(weight)
        var arguments = [
            (ATELIER_DNNL_ARG_SRC, primitive.source, input.pointer),
            (ATELIER_DNNL_ARG_WEIGHTS, primitive.weights, packed.pointer),
            (ATELIER_DNNL_ARG_DST, primitive.destination, out.pointer),
        ]
        if let bias { arguments.append((ATELIER_DNNL_ARG_BIAS, primitive.bias, bias.pointer)) }
        withExtendedLifetime((input, packed, bias)) { primitive.execute(arguments) }
        return out
    }

    /// The gradient at the input of a convolution of an input of `inputShape`; `self` is the gradient at its output.
    public func convolutionInputGradient(
        inputShape: [Int], weight: Tensor, stride: Int, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32
    ) -> Tensor {
        let input = Tensor.output(inputShape)
        let extents = input.convolutionShape(
            weight.shape, stride: stride, padding: padding, hasBias: false, precision)
        let primitive = ConvolutionPrimitive.of(extents, .backwardInput)
        let (packed, gradient) = (primitive.packed(weight), primitive.operand(self))
        withExtendedLifetime((packed, gradient)) {
            primitive.execute([
                (ATELIER_DNNL_ARG_DIFF_DST, primitive.destination, gradient.pointer),
                (ATELIER_DNNL_ARG_WEIGHTS, primitive.weights, packed.pointer),
                (ATELIER_DNNL_ARG_DIFF_SRC, primitive.source, input.pointer),
            ])
        }
        return input
    }

    /// The gradients at weight and bias of a convolution of `input`; `self` is the gradient at its output.
    public func convolutionWeightGradient(
        input: Tensor, weightShape: [Int], hasBias: Bool, stride: Int, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32
    ) -> (weight: Tensor, bias: Tensor?) {
        let extents = input.convolutionShape(
            weightShape, stride: stride, padding: padding, hasBias: hasBias, precision)
        let primitive = ConvolutionPrimitive.of(extents, .backwardWeights)
        let (source, gradient) = (primitive.operand(input), primitive.operand(self))
        let packed = TensorStorage(count: MemoryDescription.floats(primitive.weights))
        let weight = Tensor.output(weightShape)
        let bias = hasBias ? Tensor.output([weightShape[0]]) : nil
        var arguments = [
            (ATELIER_DNNL_ARG_SRC, primitive.source, source.pointer),
            (ATELIER_DNNL_ARG_DIFF_DST, primitive.destination, gradient.pointer),
            (ATELIER_DNNL_ARG_DIFF_WEIGHTS, primitive.weights, packed.pointer),
        ]
        if let bias { arguments.append((ATELIER_DNNL_ARG_DIFF_BIAS, primitive.bias, bias.pointer)) }
        withExtendedLifetime((packed, source, gradient, bias)) {
            primitive.execute(arguments)
            OneDNN.shared.reorder(
                packed.pointer, primitive.weights, weight.pointer, MemoryDescription.make(weightShape, dnnl_oihw))
        }
        return (weight, bias)
    }
}
