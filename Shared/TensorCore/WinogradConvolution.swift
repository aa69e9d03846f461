internal import CKernels
internal import COneDNN
import Synchronization

/// A 3×3 convolution by Winograd's algorithm F(4×4, 3×3): a quarter of the multiplications, in f32.
///
/// Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). oneDNN's kernel wants blocks of 16 channels; a
/// few rows (or a few small pictures) at a time go there and back, so that neither the copies nor the transforms leave the
/// cache.
///
/// `@unchecked Sendable`: all members are constant.
final class WinogradConvolution: @unchecked Sendable {
    private let shape: ConvolutionShape
    /// Rows and samples of one execution.
    private let rows, samples: Int
    private let primitive: Primitive
    private let source, destination, bias: dnnl_memory_desc_t
    private let weights: dnnl_memory_desc_t

    private struct Key: Hashable {
        var shape: ConvolutionShape
        var threads: Int
    }

    private static let made = Mutex<[Key: WinogradConvolution?]>([:])

    /// Pixels that one execution computes, about.
    private static let pixels = 4096

    /// The convolution of a shape that suits the algorithm, or `nil` if this processor has no kernel for it.
    static func of(_ shape: ConvolutionShape) -> WinogradConvolution? {
        guard shape.suitsWinograd else { return nil }
        let key = Key(shape: shape, threads: ComputeThreads.current)
        if let found = made.withLock({ $0[key] }) { return found }
        let convolution = WinogradConvolution(shape)
        made.withLock { $0[key] = .some(convolution) }
        return convolution
    }

    private init?(_ shape: ConvolutionShape) {
        self.shape = shape
        let strip = max(4, Self.pixels / shape.width / 4 * 4)
        rows = min(strip, shape.height)
        let together = rows < shape.height ? 1 : max(1, Self.pixels / (shape.height * shape.width))
        samples = (1...max(1, min(together, shape.samples))).last { shape.samples.isMultiple(of: $0) } ?? 1
        source = MemoryDescription.make([samples, shape.inputs, rows + 2, shape.width], dnnl_nChw16c)
        destination = MemoryDescription.make([samples, shape.outputs, rows, shape.width], dnnl_nChw16c)
        bias = shape.hasBias ? MemoryDescription.make([shape.outputs], dnnl_a) : dnnl_memory_desc_t()
        let anyWeights = MemoryDescription.make(shape.weightExtents, dnnl_format_tag_any)
        var operation = dnnl_convolution_desc_t()
        var description: dnnl_primitive_desc_t?
        let padding: [Int64] = [0, 1]
        guard
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_winograd, [source], [anyWeights], [bias],
                [destination], [1, 1], padding, padding) == dnnl_success,
            Primitive.withAttributes({
                dnnl_primitive_desc_create(&description, &operation, $0, OneDNN.shared.engine, nil)
            }) == dnnl_success, let description
        else { return nil }
        primitive = Primitive(description)
        weights = primitive.layout(dnnl_query_weights_md)
    }

    /// `[sample, height, width, in]` to `[sample, height, width, out]`.
    ///
    /// - Parameters:
    ///   - input: of the shape's input type.
    ///   - weight: `[out, in, 3, 3]`; turned around, `[in, out, 3, 3]`, if `isGradient`.
    ///   - bias: as the shape says.
    ///   - isGradient: whether the gradient at the input of a convolution by `weight` is asked for: a convolution of the
    ///     gradient at its output by the turned weights.
    /// - Returns: `[sample, height, width, out]`, of the shape's output type.
    func callAsFunction(_ input: Tensor, weight: Tensor, bias: Tensor?, isGradient: Bool = false) -> Tensor {
        let output = Tensor.output([shape.samples, shape.height, shape.width, shape.outputs], shape.output)
        let packed = pack(weight, isTurned: isGradient)
        OperationProfile.measure(
            isGradient ? "convolution, gradient at input" : "convolution", shape.description,
            operations: shape.operations, bytes: shape.byteCount
        ) { convolve(input, packed, bias, output) }
        return output
    }

    private func convolve(_ input: Tensor, _ packed: TensorStorage, _ bias: Tensor?, _ output: Tensor) {
        let read = TensorStorage(count: samples * (rows + 2) * shape.width * shape.inputs)
        let written = TensorStorage(count: samples * rows * shape.width * shape.outputs)
        var arguments: [Primitive.Argument] = [
            (ATELIER_DNNL_ARG_SRC, source, UnsafeMutableRawPointer(read.pointer)),
            (ATELIER_DNNL_ARG_WEIGHTS, weights, UnsafeMutableRawPointer(packed.pointer)),
            (ATELIER_DNNL_ARG_DST, destination, UnsafeMutableRawPointer(written.pointer)),
        ]
        if let bias { arguments.append((ATELIER_DNNL_ARG_BIAS, self.bias, bias.bytes)) }
        let (height, width) = (Int64(shape.height), Int64(shape.width))
        let pictureBytes = { (channels: Int, type: ComputePrecision) in
            self.shape.height * self.shape.width * channels * (type == .bf16 ? 2 : 4)
        }
        for sample in stride(from: 0, to: shape.samples, by: samples) {
            let from = input.bytes + sample * pictureBytes(shape.inputs, shape.input)
            let to = output.bytes + sample * pictureBytes(shape.outputs, shape.output)
            for start in stride(from: 0, to: shape.height, by: rows) {
                // The last strip overlaps the one before it instead of being shorter.
                let first = Int64(min(start, shape.height - rows))
                atelier_block(
                    shape.input.kernelType, from, read.pointer, Int64(samples), height, width, Int64(shape.inputs),
                    first, Int64(rows))
                primitive.run(arguments)
                atelier_unblock(
                    shape.output.kernelType, written.pointer, to, Int64(samples), height, width, Int64(shape.outputs),
                    first, Int64(rows))
            }
        }
        withExtendedLifetime((input, read, packed, bias, written)) {}
    }

    private func pack(_ weight: Tensor, isTurned: Bool) -> TensorStorage {
        weight.storage.packed(as: .oneDNN(weights, isTurned: isTurned)) { values in
            let out = TensorStorage(count: MemoryDescription.floats(weights))
            let plain = MemoryDescription.make(shape.weightExtents, dnnl_oihw)
            guard isTurned else {
                reorder(plain, values, to: weights, out.pointer)
                return out
            }
            let turned = TensorStorage(count: weight.count)
            atelier_turn_kernels(values, turned.pointer, Int64(shape.inputs), Int64(shape.outputs))
            reorder(plain, turned.pointer, to: weights, out.pointer)
            withExtendedLifetime(turned) {}
            return out
        }
    }
}
