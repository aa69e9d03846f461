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
            hasBias: hasBias, precision: precision.supported, input: self.precision)
    }

    /// 2-d convolution of `[sample, height, width, in]` with `weight [out, in, kernel, kernel]`.
    ///
    /// A cross-correlation, as in PyTorch.
    ///
    /// - Parameters:
    ///   - weight: f32, whatever the precision of the products.
    ///   - bias: `[out]`, or `nil` for none.
    ///   - stride: pixels between two places of the kernel.
    ///   - padding: the number of zero rows above and below (and columns left and right).
    ///   - precision: of the products; those of bf16 activations are bf16 in any case.
    ///   - residual: added to the result; of its shape and of the input's element type.
    ///   - output: the result's element type, the input's if not given.
    /// - Returns: `[sample, outHeight, outWidth, out]`.
    public func convolved(
        weight: Tensor, bias: Tensor?, stride: Int = 1, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32, adding residual: Tensor? = nil, output: ComputePrecision? = nil
    ) -> Tensor {
        let isLow = self.precision == .bf16
        var extents = convolutionShape(
            weight.shape, stride: stride, padding: padding, hasBias: bias != nil, isLow ? .bf16 : precision)
        extents.output = output ?? self.precision
        if let winograd = WinogradConvolution(extents) {
            return winograd(self, weight: weight, bias: bias, adding: residual)
        }
        if let product = ImplicitProduct(extents) {
            return product(self, weight: weight, bias: bias, adding: residual)
        }
        // Added on the way to memory, where that costs the kernel nothing.
        extents.addsResidual = residual != nil && isLow && extents.output == .bf16
        let primitive = ConvolutionPrimitive.of(extents, .forward)
        let input = primitive.operand(self)
        let out = Tensor.output(
            [extents.samples, extents.outputHeight, extents.outputWidth, extents.outputs], extents.output)
        let packed = primitive.packed(weight)
        var arguments: [Primitive.Argument] = [
            (ATELIER_DNNL_ARG_SRC, primitive.source, input.bytes),
            (ATELIER_DNNL_ARG_WEIGHTS, primitive.weights, UnsafeMutableRawPointer(packed.pointer)),
            (ATELIER_DNNL_ARG_DST, primitive.destination, out.bytes),
        ]
        if let bias { arguments.append((ATELIER_DNNL_ARG_BIAS, primitive.bias, bias.bytes)) }
        if extents.addsResidual, let residual {
            out.requireSameShape(residual)
            arguments.append((ATELIER_DNNL_ARG_FIRST_ADDITION, primitive.destination, residual.bytes))
        }
        withExtendedLifetime((input, packed, bias, residual)) { primitive.run(arguments) }
        guard let residual, !extents.addsResidual else { return out }
        return out.adding(residual)
    }

    /// The gradient at the input of a convolution of an input of `inputShape`; `self` is the gradient at its output.
    public func convolutionInputGradient(
        inputShape: [Int], weight: Tensor, stride: Int, padding: (before: Int, after: Int),
        precision: ComputePrecision = .f32
    ) -> Tensor {
        let input = Tensor.output(inputShape)
        let extents = input.convolutionShape(
            weight.shape, stride: stride, padding: padding, hasBias: false, precision)
        if let winograd = WinogradConvolution(extents, isGradient: true) { return winograd(self, weight: weight) }
        if let product = ImplicitProduct(extents, .backwardInput) { return product(self, weight: weight) }
        let primitive = ConvolutionPrimitive.of(extents, .backwardInput)
        let (packed, gradient) = (primitive.packed(weight), primitive.operand(self))
        withExtendedLifetime((packed, gradient)) {
            primitive.run([
                (ATELIER_DNNL_ARG_DIFF_DST, primitive.destination, gradient.bytes),
                (ATELIER_DNNL_ARG_WEIGHTS, primitive.weights, UnsafeMutableRawPointer(packed.pointer)),
                (ATELIER_DNNL_ARG_DIFF_SRC, primitive.source, input.bytes),
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
        var arguments: [Primitive.Argument] = [
            (ATELIER_DNNL_ARG_SRC, primitive.source, source.bytes),
            (ATELIER_DNNL_ARG_DIFF_DST, primitive.destination, gradient.bytes),
            (ATELIER_DNNL_ARG_DIFF_WEIGHTS, primitive.weights, UnsafeMutableRawPointer(packed.pointer)),
        ]
        if let bias { arguments.append((ATELIER_DNNL_ARG_DIFF_BIAS, primitive.bias, bias.bytes)) }
        withExtendedLifetime((packed, source, gradient, bias)) {
            primitive.run(arguments)
            reorder(
                primitive.weights, packed.pointer, to: MemoryDescription.make(weightShape, dnnl_oihw), weight.bytes)
        }
        return (weight, bias)
    }
}
