internal import CKernels

/// A 3×3 convolution, or the gradient at its input, by Winograd's algorithm F(4×4, 3×3): a quarter of the multiplications.
///
/// Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). All arithmetic is f32, also between bf16
/// activations: that is faster than the processor's products of bf16, and more exact.
struct WinogradConvolution {
    let shape: ConvolutionShape
    let isGradient: Bool

    /// The convolution of a shape that suits the algorithm, or `nil`; also on a processor without its kernels.
    ///
    /// - Parameters:
    ///   - shape: of the convolution itself.
    ///   - isGradient: whether the gradient at its input is asked for.
    init?(_ shape: ConvolutionShape, isGradient: Bool = false) {
        guard ImplicitProduct.isSupported, shape.suitsWinograd else { return nil }
        (self.shape, self.isGradient) = (shape, isGradient)
    }

    /// The convolution of `input`, or the gradient at the input where `input` is that at the output.
    ///
    /// - Parameters:
    ///   - input: `[sample, height, width, channel]`.
    ///   - weight: `[out, in, 3, 3]`.
    ///   - bias: `[out]`, or `nil`.
    ///   - residual: added to the result; of its shape and element type.
    /// - Returns: `[sample, height, width, channel]`; of the shape's output type, a gradient as f32.
    func callAsFunction(_ input: Tensor, weight: Tensor, bias: Tensor? = nil, adding residual: Tensor? = nil) -> Tensor
    {
        let channels = isGradient ? shape.inputs : shape.outputs
        let output = Tensor.output(
            [shape.samples, shape.height, shape.width, channels], isGradient ? .f32 : shape.output)
        if let residual { output.requireSameShape(residual) }
        let extents = shape.kernelExtents(isGradient ? .backwardInput : .forward)
        func pack(_ values: UnsafeRawPointer, _ type: StoredFloat) -> TensorStorage {
            let out = TensorStorage(count: Int(atelier_winograd_count([extents])))
            atelier_pack_winograd([extents], type.kernelType, values, out.pointer)
            return out
        }
        let packed =
            shape.keepsWinogradWeights
            ? weight.storage.packed(as: .winograd(isTurned: isGradient), make: pack)
            : weight.storage.withStoredElements(pack)
        OperationProfile.measure(
            isGradient ? "convolution, gradient at input" : "convolution", shape.description,
            operations: shape.operations, bytes: shape.byteCount
        ) {
            atelier_convolve_winograd(
                [extents], input.precision.kernelType, input.bytes, packed.pointer, bias?.pointer, residual?.bytes,
                output.precision.kernelType, output.bytes)
        }
        withExtendedLifetime((input, packed, bias, residual)) {}
        return output
    }
}
