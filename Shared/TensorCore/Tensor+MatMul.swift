internal import CKernels
internal import COneDNN

extension Tensor {
    /// `self · weightᵀ + bias`: `[…, in]` and `[out, in]` give `[…, out]`.
    ///
    /// - Parameters:
    ///   - weight: f32, whatever the precision of the products.
    ///   - bias: `[out]`, or `nil` for none.
    ///   - precision: of the products; those of bf16 activations are bf16 in any case.
    ///   - residual: added to the result; of its shape and of the input's element type.
    /// - Returns: `[…, out]`, of the input's element type.
    public func linear(
        weight: Tensor, bias: Tensor?, precision: ComputePrecision = .f32, adding residual: Tensor? = nil
    ) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / weight.shape[0])
        precondition(channels == inputs, "linear: input \(shape) does not fit weight \(weight.shape)")
        if self.precision == .bf16 || precision.supported == .bf16 || ImplicitProduct.isSupported {
            return asPixels.convolved(
                weight: weight.asKernel, bias: bias, padding: (0, 0), precision: precision, adding: residual?.asPixels
            ).reshaped(shape.dropLast() + [outputs])
        }
        let out = Tensor.output(shape.dropLast() + [outputs])
        if let bias { atelier_fill_rows(bias.pointer, out.pointer, Int64(rows), Int64(outputs)) }
        matrixProduct(
            (rows, outputs, inputs), (pointer, inputs, false), (weight.pointer, inputs, true), out.pointer,
            beta: bias == nil ? 0 : 1)
        return residual.map { out.adding($0) } ?? out
    }

    /// Adds `scale · up · (down · row)` to every row of `self`, in place: a low-rank update of a linear layer.
    ///
    /// Hu et al., "LoRA" (2021). All products are f32, also between bf16 activations.
    ///
    /// - Parameters:
    ///   - input: the layer's input, `[…, in]`, of the same element type as `self`.
    ///   - down: `[rank, in]`, or `[rank, in, 1, 1]` as 1×1 convolutions have it, f32.
    ///   - up: `[out, rank]`, or `[out, rank, 1, 1]`, f32.
    ///   - scale: the factor.
    public mutating func addLowRank(_ input: Tensor, down: Tensor, up: Tensor, scale: Float) {
        let (rank, inputs) = (down.shape[0], down.shape[1])
        precondition(
            input.channels == inputs && down.count == rank * inputs && up.shape.prefix(2) == [channels, rank]
                && up.count == channels * rank && input.rows == rows && input.precision == precision,
            "low-rank update \(up.shape)·\(down.shape) from \(input.shape) to \(shape)")
        becomeUnique()
        let transposed = Tensor.output([rank, channels])
        atelier_transpose(up.pointer, transposed.pointer, 1, Int64(channels), Int64(rank))
        OperationProfile.measure(
            "low-rank update", "rank \(rank), \(extents)",
            operations: 2 * Double(rows) * Double(rank) * Double(inputs + channels),
            bytes: input.byteCount + 2 * byteCount
        ) {
            atelier_low_rank(
                precision.kernelType, input.bytes, down.pointer, transposed.pointer, scale, bytes, Int64(rows),
                Int64(inputs), Int64(channels), Int64(rank))
        }
    }

    /// The gradient at the input of ``linear(weight:bias:precision:adding:)``: `self · weight`, where `self` is the gradient at the output.
    public func linearInputGradient(weight: Tensor, precision: ComputePrecision = .f32) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / weight.shape[0])
        if precision.supported == .bf16 || ImplicitProduct.isSupported {
            return asPixels.convolutionInputGradient(
                inputShape: [1, rows, 1, inputs], weight: weight.asKernel, stride: 1, padding: (0, 0),
                precision: precision
            ).reshaped(shape.dropLast() + [inputs])
        }
        let out = Tensor.output(shape.dropLast() + [inputs])
        matrixProduct(
            (rows, inputs, outputs), (pointer, outputs, false), (weight.pointer, inputs, false), out.pointer, beta: 0)
        return out
    }

    /// The gradient at the weight of ``linear(weight:bias:precision:adding:)``: `selfᵀ · input`, where `self` is the gradient at the output.
    public func linearWeightGradient(input: Tensor, precision: ComputePrecision = .f32) -> Tensor {
        precondition(rows == input.rows, "linearWeightGradient: \(shape) and \(input.shape)")
        if precision.supported == .bf16 {
            return asPixels.convolutionWeightGradient(
                input: input.asPixels, weightShape: [channels, input.channels, 1, 1], hasBias: false, stride: 1,
                padding: (0, 0), precision: precision
            ).weight.reshaped([channels, input.channels])
        }
        let out = Tensor.output([channels, input.channels])
        matrixProduct(
            (channels, input.channels, rows), (pointer, channels, true), (input.pointer, input.channels, false),
            out.pointer, beta: 0)
        return out
    }
}

extension Tensor {
    /// Rows as the pixels of one picture: a linear layer is then a 1×1 convolution.
    private var asPixels: Tensor { reshaped([1, rows, 1, channels]) }

    private var asKernel: Tensor { reshaped([shape[0], count / shape[0], 1, 1]) }
}

private typealias Operand = (pointer: UnsafeMutablePointer<Float>, stride: Int, transposed: Bool)

/// `out[m, n] = a[m, k] · b[k, n] + beta · out`, row-major.
///
/// oneDNN's product, because it finds the processor's kernels by itself and scales over two threads where OpenBLAS does
/// not (Shared/DECISIONS.md).
private func matrixProduct(
    _ extents: (m: Int, n: Int, k: Int), _ a: Operand, _ b: Operand, _ out: UnsafeMutablePointer<Float>, beta: Float
) {
    guard extents.m > 0, extents.n > 0 else { return }
    let code = CChar(UInt8(ascii: "T"))
    let plain = CChar(UInt8(ascii: "N"))
    let status = OperationProfile.measure(
        "product", "\(extents.m)×\(extents.k)×\(extents.n)",
        operations: 2 * Double(extents.m) * Double(extents.n) * Double(extents.k),
        bytes: 4 * (extents.m * extents.k + extents.k * extents.n + extents.m * extents.n)
    ) {
        dnnl_sgemm(
            a.transposed ? code : plain, b.transposed ? code : plain, Int64(extents.m), Int64(extents.n),
            Int64(extents.k), 1, a.pointer, Int64(a.stride), b.pointer, Int64(b.stride), beta, out, Int64(extents.n))
    }
    precondition(status == dnnl_success, "matrix product \(extents) failed with oneDNN status \(status.rawValue)")
}
