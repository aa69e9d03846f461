internal import CKernels
internal import COneDNN

/// A convolution, a linear layer, or the gradient at the input of either, as a product of matrices whose left one, the rows
/// of the picture, is never written out (implicit GEMM).
///
/// f32 products read large weights where they are and as they are, halves in a mapped file too: processes on one host share
/// them, and no second copy exists in another layout. Small weights and those of bf16 products are packed once.
struct ImplicitProduct {
    let shape: ConvolutionShape
    let direction: ConvolutionDirection

    /// The product of a shape, or `nil` where this processor, or oneDNN's limit of its instructions, leaves it to oneDNN.
    init?(_ shape: ConvolutionShape, _ direction: ConvolutionDirection = .forward) {
        guard Self.supported.contains(shape.precision), direction != .backwardWeights else { return nil }
        let read = direction == .forward ? shape.inputs : shape.outputs
        guard shape.precision == .f32 || read.isMultiple(of: 2) else { return nil }
        (self.shape, self.direction) = (shape, direction)
    }

    /// Whether this processor has such products at all.
    static var isSupported: Bool { supported.contains(.f32) }

    private static let supported: Set<ComputePrecision> = {
        let wide = dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core.rawValue
        guard wide == dnnl_cpu_isa_avx512_core.rawValue else { return [] }
        return Set(ComputePrecision.allCases.filter { $0.supported == $0 && atelier_convolves($0.kernelType) })
    }()

    /// The convolution of `input`, or the gradient at the input where `input` is that at the output.
    ///
    /// - Parameters:
    ///   - input: `[sample, height, width, channel]`; made bf16 if the products are.
    ///   - weight: `[out, in, kernel, kernel]`.
    ///   - bias: `[channel]` of the result, or `nil`.
    ///   - residual: added to the result; of its shape and element type.
    /// - Returns: `[sample, height, width, channel]`; of the shape's output type, a gradient as f32.
    func callAsFunction(_ input: Tensor, weight: Tensor, bias: Tensor? = nil, adding residual: Tensor? = nil) -> Tensor
    {
        let isGradient = direction == .backwardInput
        let output =
            isGradient
            ? Tensor.output([shape.samples, shape.height, shape.width, shape.inputs])
            : Tensor.output([shape.samples, shape.outputHeight, shape.outputWidth, shape.outputs], shape.output)
        if let residual { output.requireSameShape(residual) }
        let extents = shape.kernelExtents(direction)
        let name: StaticString = shape.kernel == 1 ? "product" : "convolution"
        let nameOfGradient: StaticString =
            shape.kernel == 1 ? "product, gradient at input" : "convolution, gradient at input"
        let factor = input.converted(to: shape.precision)
        let packed = packed(weight, extents)
        OperationProfile.measure(
            isGradient ? nameOfGradient : name, shape.description, operations: shape.operations, bytes: shape.byteCount
        ) {
            let convolve = { (values: UnsafeRawPointer, type: Int32) in
                atelier_convolve(
                    [extents], shape.precision.kernelType, factor.bytes, type, values, bias?.pointer, residual?.bytes,
                    output.precision.kernelType, output.bytes)
            }
            if let packed {
                convolve(packed.pointer, Int32(ATELIER_PACKED))
            } else {
                weight.storage.withStoredElements { convolve($0, $1.kernelType) }
            }
        }
        withExtendedLifetime((factor, packed, bias, residual)) {}
        return output
    }

    /// Weights of up to this size are packed as f32 too, for the time that this saves with each product.
    private static let smallCount = 1 << 18

    /// Whether so many weights get a layout of their own.
    func packs(_ count: Int) -> Bool { shape.precision == .bf16 || count <= Self.smallCount }

    private func packed(_ weight: Tensor, _ extents: atelier_convolution) -> TensorStorage? {
        guard packs(weight.count) else { return nil }
        let layout = PackedLayout.panels(shape.precision, isTurned: direction == .backwardInput)
        return weight.storage.packed(as: layout) { values, type in
            let out = TensorStorage(count: Int(atelier_packed_words([extents], shape.precision.kernelType)))
            atelier_pack([extents], shape.precision.kernelType, type.kernelType, values, out.pointer)
            return out
        }
    }
}
