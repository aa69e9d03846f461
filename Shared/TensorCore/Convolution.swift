internal import COneDNN
import Synchronization

enum ConvolutionDirection: Hashable {
    case forward, backwardInput, backwardWeights
}

/// A oneDNN convolution made for one shape and one number of threads; it may be executed by several threads at once.
///
/// `@unchecked Sendable`: all members are constant.
final class ConvolutionPrimitive: @unchecked Sendable {
    let direction: ConvolutionDirection
    let shape: ConvolutionShape
    /// The layouts of the tensors.
    let source, weights, bias, destination: dnnl_memory_desc_t
    private let primitive: Primitive

    private struct Key: Hashable {
        var shape: ConvolutionShape
        var direction: ConvolutionDirection
        var threads: Int
    }

    private static let made = Mutex<[Key: ConvolutionPrimitive]>([:])

    static func of(_ shape: ConvolutionShape, _ direction: ConvolutionDirection) -> ConvolutionPrimitive {
        let key = Key(shape: shape, direction: direction, threads: ComputeThreads.current)
        if let found = made.withLock({ $0[key] }) { return found }
        let primitive = ConvolutionPrimitive(shape, direction)
        made.withLock { $0[key] = primitive }
        return primitive
    }

    private init(_ shape: ConvolutionShape, _ direction: ConvolutionDirection) {
        (self.shape, self.direction) = (shape, direction)
        let layouts = ConvolutionLayouts(shape, direction)
        guard let description = Self.describe(layouts, shape, direction) else {
            preconditionFailure("oneDNN cannot convolve \(shape)")
        }
        primitive = Primitive(description)
        (source, destination, bias) = (layouts.source, layouts.destination, layouts.bias)
        weights = primitive.layout(direction == .backwardWeights ? dnnl_query_diff_weights_md : dnnl_query_weights_md)
    }

    private static func describe(
        _ layouts: ConvolutionLayouts, _ shape: ConvolutionShape, _ direction: ConvolutionDirection
    ) -> dnnl_primitive_desc_t? {
        let (strides, before, after) = (
            [Int64](repeating: Int64(shape.stride), count: 2), [Int64](repeating: Int64(shape.paddingBefore), count: 2),
            [Int64](repeating: Int64(shape.paddingAfter), count: 2)
        )
        let hintLayouts = layouts.forward
        var operation = dnnl_convolution_desc_t()
        oneDNN(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, [hintLayouts.source], [hintLayouts.weights],
                [hintLayouts.bias], [hintLayouts.destination], strides, before, after), shape)
        let forward = description(&operation, hint: nil, residual: shape.addsResidual ? layouts.destination : nil)
        guard direction != .forward, let forward else { return forward }
        defer { dnnl_primitive_desc_destroy(forward) }
        if direction == .backwardInput {
            oneDNN(
                dnnl_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, [layouts.source], [layouts.weights], [layouts.destination],
                    strides, before,
                    after), shape)
        } else {
            oneDNN(
                dnnl_convolution_backward_weights_desc_init(
                    &operation, dnnl_convolution_direct, [layouts.source], [layouts.weights], [layouts.bias],
                    [layouts.destination],
                    strides, before, after), shape)
        }
        return description(&operation, hint: forward, residual: nil)
    }

    /// What oneDNN makes of an operation, or `nil` if it has no such kernel on this processor.
    private static func description(
        _ operation: inout dnnl_convolution_desc_t, hint: dnnl_primitive_desc_t?, residual: dnnl_memory_desc_t?
    ) -> dnnl_primitive_desc_t? {
        var description: dnnl_primitive_desc_t?
        _ = Primitive.withAttributes(adding: residual) {
            dnnl_primitive_desc_create(&description, &operation, $0, OneDNN.shared.engine, hint)
        }
        return description
    }

    /// Runs the primitive on tensors that have the layouts above.
    func run(_ arguments: [Primitive.Argument]) {
        let name: StaticString =
            switch direction {
            case .forward: "convolution"
            case .backwardInput: "convolution, gradient at input"
            case .backwardWeights: "convolution, gradient at weights"
            }
        OperationProfile.measure(
            name, shape.description, operations: shape.operations, bytes: shape.byteCount
        ) { primitive.run(arguments) }
    }

    /// A tensor as this primitive reads its input or the gradient at its output.
    func operand(_ tensor: Tensor) -> Tensor {
        shape.precision == .bf16 ? tensor.converted(to: .bf16) : tensor
    }

    /// Weights `[out, in, kernel, kernel]` in the layout that this primitive reads, made once for each set of values.
    func packed(_ weight: Tensor) -> TensorStorage {
        weight.storage.packed(as: .oneDNN(weights)) { values in
            let out = TensorStorage(count: MemoryDescription.floats(weights))
            reorder(MemoryDescription.make(shape.weightExtents, dnnl_oihw), values, to: weights, out.pointer)
            return out
        }
    }
}

/// Layouts of the four tensors of a convolution, for one direction of it.
private struct ConvolutionLayouts {
    var source, weights, bias, destination: dnnl_memory_desc_t
    /// The element type of the forward convolution's input and weights.
    private let low: dnnl_data_type_t

    /// What goes in has the precision of the products, gradients come out as f32.
    init(_ shape: ConvolutionShape, _ direction: ConvolutionDirection) {
        low = shape.precision.elementType
        source = MemoryDescription.make(shape.inputExtents, dnnl_nhwc, direction == .backwardInput ? dnnl_f32 : low)
        destination = MemoryDescription.make(
            shape.outputExtents, dnnl_nhwc, direction == .forward ? shape.output.elementType : low)
        weights = MemoryDescription.make(
            shape.weightExtents, dnnl_format_tag_any, direction == .backwardWeights ? dnnl_f32 : low)
        bias = shape.hasBias ? MemoryDescription.make([shape.outputs], dnnl_a) : dnnl_memory_desc_t()
    }

    /// The same for the forward convolution that a gradient belongs to.
    var forward: ConvolutionLayouts {
        var copy = self
        (copy.source, copy.weights) = (source.with(low), weights.with(low))
        return copy
    }
}

extension ConvolutionShape {
    var inputExtents: [Int] { [samples, inputs, height, width] }
    var outputExtents: [Int] { [samples, outputs, outputHeight, outputWidth] }
    var weightExtents: [Int] { [outputs, inputs, kernel, kernel] }
}
