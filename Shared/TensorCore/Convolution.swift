internal import COneDNN
import Synchronization

/// Extents of one 2-d convolution over `[sample, height, width, channel]`.
public struct ConvolutionShape: Hashable, Sendable {
    public var samples: Int
    public var height: Int
    public var width: Int
    public var inputs: Int
    public var outputs: Int
    public var kernel: Int
    public var stride: Int
    /// Zero rows above (and columns left of) the input.
    public var paddingBefore: Int
    /// Zero rows below (and columns right of) the input; differs from `paddingBefore` in the VAE's down-sampling.
    public var paddingAfter: Int
    public var hasBias: Bool
    /// Of the products; sums are f32.
    public var precision = ComputePrecision.f32

    public var outputHeight: Int { (height + paddingBefore + paddingAfter - kernel) / stride + 1 }
    public var outputWidth: Int { (width + paddingBefore + paddingAfter - kernel) / stride + 1 }
}

enum ConvolutionDirection: Hashable {
    case forward, backwardInput, backwardWeights
}

/// A oneDNN convolution made for one shape and one number of threads; it may be executed by several threads at once.
///
/// `@unchecked Sendable`: oneDNN documents primitives with a user's scratchpad as re-entrant, and all members are constant.
final class ConvolutionPrimitive: @unchecked Sendable {
    private let primitive: dnnl_primitive_t
    private let description: dnnl_primitive_desc_t
    private let scratchpadLayout: dnnl_memory_desc_t
    let direction: ConvolutionDirection
    let shape: ConvolutionShape
    private let threads: Int
    /// Descriptors of the tensors as the primitive wants them.
    let source, weights, bias, destination: dnnl_memory_desc_t

    private struct Key: Hashable {
        var shape: ConvolutionShape
        var direction: ConvolutionDirection
        var threads: Int
    }

    private static let made = Mutex<[Key: ConvolutionPrimitive]>([:])

    static func of(_ shape: ConvolutionShape, _ direction: ConvolutionDirection) -> ConvolutionPrimitive {
        let key = Key(shape: shape, direction: direction, threads: ComputeThreads.current)
        if let found = made.withLock({ $0[key] }) { return found }
        let primitive = ConvolutionPrimitive(shape, direction, threads: key.threads)
        made.withLock { $0[key] = primitive }
        return primitive
    }

    private init(_ shape: ConvolutionShape, _ direction: ConvolutionDirection, threads: Int) {
        self.shape = shape
        self.threads = threads
        self.direction = direction
        // What goes in has the precision of the products, what comes out is f32.
        let low = shape.precision.elementType
        let source = MemoryDescription.make(
            [shape.samples, shape.inputs, shape.height, shape.width], dnnl_nhwc,
            direction == .backwardInput ? dnnl_f32 : low)
        let destination = MemoryDescription.make(
            [shape.samples, shape.outputs, shape.outputHeight, shape.outputWidth], dnnl_nhwc,
            direction == .forward ? dnnl_f32 : low)
        let weights = MemoryDescription.make(
            [shape.outputs, shape.inputs, shape.kernel, shape.kernel], dnnl_format_tag_any,
            direction == .backwardWeights ? dnnl_f32 : low)
        let bias = shape.hasBias ? MemoryDescription.make([shape.outputs], dnnl_a) : dnnl_memory_desc_t()

        let forward = Self.describeForward(
            source.with(low), weights.with(low), bias, destination.with(dnnl_f32), shape)
        switch direction {
        case .forward:
            description = forward
        case .backwardInput:
            var operation = dnnl_convolution_desc_t()
            oneDNN(
                dnnl_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, [source], [weights], [destination], Self.strides(shape),
                    Self.before(shape), Self.after(shape)), shape)
            description = Self.describe(&operation, hint: forward, shape)
        case .backwardWeights:
            var operation = dnnl_convolution_desc_t()
            oneDNN(
                dnnl_convolution_backward_weights_desc_init(
                    &operation, dnnl_convolution_direct, [source], [weights], [bias], [destination],
                    Self.strides(shape), Self.before(shape), Self.after(shape)), shape)
            description = Self.describe(&operation, hint: forward, shape)
        }
        self.source = source
        self.destination = destination
        self.bias = bias
        self.weights = MemoryDescription.query(
            description, direction == .backwardWeights ? dnnl_query_diff_weights_md : dnnl_query_weights_md)
        scratchpadLayout = MemoryDescription.query(description, dnnl_query_scratchpad_md)
        var made: dnnl_primitive_t?
        oneDNN(dnnl_primitive_create(&made, description), shape)
        guard let made else { preconditionFailure("oneDNN made no primitive for \(shape)") }
        primitive = made
    }

    private static func describeForward(
        _ source: dnnl_memory_desc_t, _ weights: dnnl_memory_desc_t, _ bias: dnnl_memory_desc_t,
        _ destination: dnnl_memory_desc_t, _ shape: ConvolutionShape
    ) -> dnnl_primitive_desc_t {
        var operation = dnnl_convolution_desc_t()
        oneDNN(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, [source], [weights], [bias], [destination],
                strides(shape), before(shape), after(shape)), shape)
        return describe(&operation, hint: nil, shape)
    }

    private static func describe(
        _ operation: inout dnnl_convolution_desc_t, hint: dnnl_primitive_desc_t?, _ shape: ConvolutionShape
    ) -> dnnl_primitive_desc_t {
        var attributes: dnnl_primitive_attr_t?
        oneDNN(dnnl_primitive_attr_create(&attributes), shape)
        defer { dnnl_primitive_attr_destroy(attributes) }
        oneDNN(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), shape)
        var description: dnnl_primitive_desc_t?
        oneDNN(dnnl_primitive_desc_create(&description, &operation, attributes, OneDNN.shared.engine, hint), shape)
        guard let description else { preconditionFailure("oneDNN cannot convolve \(shape)") }
        return description
    }

    private static func strides(_ shape: ConvolutionShape) -> [Int64] { [Int64(shape.stride), Int64(shape.stride)] }
    private static func before(_ shape: ConvolutionShape) -> [Int64] {
        [Int64(shape.paddingBefore), Int64(shape.paddingBefore)]
    }
    private static func after(_ shape: ConvolutionShape) -> [Int64] {
        [Int64(shape.paddingAfter), Int64(shape.paddingAfter)]
    }

    /// Runs the primitive on memory that has the layouts of `source`, `weights`, `bias` and `destination`.
    func execute(_ arguments: [(Int32, dnnl_memory_desc_t, UnsafeMutablePointer<Float>)]) {
        let scratchpad = TensorStorage(count: MemoryDescription.floats(scratchpadLayout))
        var list = arguments.map { OneDNN.shared.argument($0.0, $0.1, $0.2) }
        list.append(OneDNN.shared.argument(ATELIER_DNNL_ARG_SCRATCHPAD, scratchpadLayout, scratchpad.pointer))
        withExtendedLifetime(scratchpad) {
            oneDNN(dnnl_primitive_execute(primitive, OneDNN.shared.stream, Int32(list.count), list), shape)
        }
        for argument in list { dnnl_memory_destroy(argument.memory) }
    }

    /// A tensor's elements as this primitive reads its input or the gradient at its output.
    func operand(_ tensor: Tensor) -> TensorStorage {
        shape.precision == .bf16 ? tensor.roundedToBF16() : tensor.storage
    }

    /// Weights `[out, in, kernel, kernel]` in the layout that this primitive reads, made once for each set of values.
    func packed(_ weight: Tensor) -> TensorStorage {
        weight.storage.packed(PackedLayout(primitive: shape, direction: direction, threads: threads)) {
            let out = TensorStorage(count: MemoryDescription.floats(weights))
            OneDNN.shared.reorder(
                weight.pointer,
                MemoryDescription.make([shape.outputs, shape.inputs, shape.kernel, shape.kernel], dnnl_oihw),
                out.pointer, weights)
            return out
        }
    }
}
