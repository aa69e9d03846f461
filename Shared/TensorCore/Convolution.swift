internal import COneDNN
import Synchronization

enum ConvolutionDirection: Hashable {
    case forward, backwardInput, backwardWeights
}

/// A oneDNN convolution made for one shape and one number of threads; it may be executed by several threads at once.
///
/// `@unchecked Sendable`: oneDNN documents primitives with a user's scratchpad as re-entrant, and all members are constant.
final class ConvolutionPrimitive: @unchecked Sendable {
    let direction: ConvolutionDirection
    let shape: ConvolutionShape
    /// The layouts in which the tensors are given; reordered if the algorithm wants others.
    let source, weights, bias, destination: dnnl_memory_desc_t
    private let primitive: dnnl_primitive_t
    private let description: dnnl_primitive_desc_t
    private let scratchpadLayout: dnnl_memory_desc_t
    /// From what is given to what the primitive reads, and from what it writes to what is given, where they differ.
    private let reordersIn, reordersOut: Reorder?

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
        let direct = ConvolutionLayouts(shape, direction)
        let wantsWinograd = direction != .backwardWeights && shape.suitsWinograd
        let winograd =
            wantsWinograd
            ? Self.describe(ConvolutionLayouts(winograd: shape), shape, direction, dnnl_convolution_winograd) : nil
        guard let description = winograd ?? Self.describe(direct, shape, direction, dnnl_convolution_direct) else {
            preconditionFailure("oneDNN cannot convolve \(shape)")
        }
        self.description = description
        let layouts = winograd == nil ? direct : ConvolutionLayouts(givenToWinograd: shape, direction)
        (source, destination, bias) = (layouts.source, layouts.destination, layouts.bias)
        let isWeightGradient = direction == .backwardWeights
        weights = MemoryDescription.query(
            description, isWeightGradient ? dnnl_query_diff_weights_md : dnnl_query_weights_md)
        let isInputGradient = direction == .backwardInput
        let input = MemoryDescription.query(description, isInputGradient ? dnnl_query_diff_src_md : dnnl_query_src_md)
        let output = MemoryDescription.query(
            description, direction == .forward ? dnnl_query_dst_md : dnnl_query_diff_dst_md)
        switch direction {
        case .forward:
            reordersIn = input.isSame(as: source) ? nil : Reorder(from: source, to: input)
            reordersOut = output.isSame(as: destination) ? nil : Reorder(from: output, to: destination)
        case .backwardInput:
            reordersIn = output.isSame(as: destination) ? nil : Reorder(from: destination, to: output)
            reordersOut = input.isSame(as: source) ? nil : Reorder(from: input, to: source)
        case .backwardWeights: (reordersIn, reordersOut) = (nil, nil)
        }
        scratchpadLayout = MemoryDescription.query(description, dnnl_query_scratchpad_md)
        var made: dnnl_primitive_t?
        oneDNN(dnnl_primitive_create(&made, description), shape)
        guard let made else { preconditionFailure("oneDNN made no primitive for \(shape)") }
        primitive = made
    }

    private static func describe(
        _ layouts: ConvolutionLayouts, _ shape: ConvolutionShape, _ direction: ConvolutionDirection,
        _ algorithm: dnnl_alg_kind_t
    ) -> dnnl_primitive_desc_t? {
        let (strides, before, after) = (
            [Int64](repeating: Int64(shape.stride), count: 2), [Int64](repeating: Int64(shape.paddingBefore), count: 2),
            [Int64](repeating: Int64(shape.paddingAfter), count: 2)
        )
        let hintLayouts = layouts.forward
        var operation = dnnl_convolution_desc_t()
        oneDNN(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, algorithm, [hintLayouts.source], [hintLayouts.weights],
                [hintLayouts.bias], [hintLayouts.destination], strides, before, after), shape)
        let forward = description(&operation, hint: nil, residual: shape.addsResidual ? layouts.destination : nil)
        guard direction != .forward, let forward else { return forward }
        defer { dnnl_primitive_desc_destroy(forward) }
        if direction == .backwardInput {
            oneDNN(
                dnnl_convolution_backward_data_desc_init(
                    &operation, algorithm, [layouts.source], [layouts.weights], [layouts.destination], strides, before,
                    after), shape)
        } else {
            oneDNN(
                dnnl_convolution_backward_weights_desc_init(
                    &operation, algorithm, [layouts.source], [layouts.weights], [layouts.bias], [layouts.destination],
                    strides, before, after), shape)
        }
        return description(&operation, hint: forward, residual: nil)
    }

    /// What oneDNN makes of an operation, or `nil` if it has no such kernel on this processor.
    private static func description(
        _ operation: inout dnnl_convolution_desc_t, hint: dnnl_primitive_desc_t?, residual: dnnl_memory_desc_t?
    ) -> dnnl_primitive_desc_t? {
        var attributes: dnnl_primitive_attr_t?
        var additions: dnnl_post_ops_t?
        var description: dnnl_primitive_desc_t?
        guard dnnl_primitive_attr_create(&attributes) == dnnl_success else { return nil }
        defer { dnnl_primitive_attr_destroy(attributes) }
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
        if let residual {
            guard dnnl_post_ops_create(&additions) == dnnl_success else { return nil }
            defer { dnnl_post_ops_destroy(additions) }
            dnnl_post_ops_append_binary(additions, dnnl_binary_add, [residual])
            dnnl_primitive_attr_set_post_ops(attributes, additions)
        }
        dnnl_primitive_desc_create(&description, &operation, attributes, OneDNN.shared.engine, hint)
        return description
    }

    /// One tensor of an execution.
    typealias Argument = (kind: Int32, layout: dnnl_memory_desc_t, pointer: UnsafeMutableRawPointer)

    /// Runs the primitive from `input` to `output`, which have the layouts of `source` and `destination` (or, for the
    /// gradient at the input, the other way round); `others` are weights and the like.
    func execute(from input: UnsafeMutableRawPointer, to output: UnsafeMutableRawPointer, _ others: [Argument]) {
        OperationProfile.measure(
            direction == .forward ? "convolution" : "convolution, gradient at input", shape.description,
            operations: shape.operations, bytes: shape.byteCount
        ) { convert(from: input, to: output, others) }
    }

    private func convert(from input: UnsafeMutableRawPointer, to output: UnsafeMutableRawPointer, _ others: [Argument])
    {
        let (inputKind, outputKind) =
            direction == .forward
            ? (ATELIER_DNNL_ARG_SRC, ATELIER_DNNL_ARG_DST)
            : (ATELIER_DNNL_ARG_DIFF_DST, ATELIER_DNNL_ARG_DIFF_SRC)
        let read = reordersIn.map { TensorStorage(count: MemoryDescription.floats($0.to)) }
        let written = reordersOut.map { TensorStorage(count: MemoryDescription.floats($0.from)) }
        if let reordersIn, let read { reordersIn.execute(input, read.pointer) }
        let given = direction == .forward ? (source, destination) : (destination, source)
        run(
            others + [
                (inputKind, reordersIn?.to ?? given.0, read.map { UnsafeMutableRawPointer($0.pointer) } ?? input),
                (
                    outputKind, reordersOut?.from ?? given.1,
                    written.map { UnsafeMutableRawPointer($0.pointer) } ?? output
                ),
            ])
        if let reordersOut, let written { reordersOut.execute(written.pointer, output) }
        withExtendedLifetime((read, written)) {}
    }

    /// Runs the primitive on memory that has its own layouts.
    func run(_ arguments: [Argument]) {
        let scratchpad = TensorStorage(count: MemoryDescription.floats(scratchpadLayout))
        var list = arguments.map { OneDNN.shared.argument($0.kind, $0.layout, $0.pointer) }
        list.append(OneDNN.shared.argument(ATELIER_DNNL_ARG_SCRATCHPAD, scratchpadLayout, scratchpad.pointer))
        withExtendedLifetime(scratchpad) {
            oneDNN(dnnl_primitive_execute(primitive, OneDNN.shared.stream, Int32(list.count), list), shape)
        }
        for argument in list { dnnl_memory_destroy(argument.memory) }
    }

    /// A tensor as this primitive reads its input or the gradient at its output.
    func operand(_ tensor: Tensor) -> Tensor {
        reordersIn == nil && shape.precision == .bf16 ? tensor.converted(to: .bf16) : tensor
    }

    /// Weights `[out, in, kernel, kernel]` in the layout that this primitive reads, made once for each set of values.
    func packed(_ weight: Tensor) -> TensorStorage {
        weight.storage.packed(as: weights) { values in
            let out = TensorStorage(count: MemoryDescription.floats(weights))
            Reorder(
                from: MemoryDescription.make(shape.weightExtents, dnnl_oihw),
                to: weights
            ).execute(values, out.pointer)
            return out
        }
    }
}

/// Layouts of the four tensors of a convolution, for one direction of it.
private struct ConvolutionLayouts {
    var source, weights, bias, destination: dnnl_memory_desc_t
    /// The element type of the forward convolution's input and weights.
    private let low: dnnl_data_type_t

    /// As the tensors are given to the direct algorithm: what goes in has the precision of the products, gradients come
    /// out as f32.
    init(_ shape: ConvolutionShape, _ direction: ConvolutionDirection) {
        low = shape.precision.elementType
        source = MemoryDescription.make(shape.inputExtents, dnnl_nhwc, direction == .backwardInput ? dnnl_f32 : low)
        destination = MemoryDescription.make(
            shape.outputExtents, dnnl_nhwc, direction == .forward ? shape.output.elementType : low)
        weights = MemoryDescription.make(
            shape.weightExtents, dnnl_format_tag_any, direction == .backwardWeights ? dnnl_f32 : low)
        bias = shape.hasBias ? MemoryDescription.make([shape.outputs], dnnl_a) : dnnl_memory_desc_t()
    }

    /// As the tensors are given to Winograd's algorithm, which reads any type by way of a reorder.
    init(givenToWinograd shape: ConvolutionShape, _ direction: ConvolutionDirection) {
        self.init(shape, direction)
        source = source.with(direction == .forward ? shape.input.elementType : dnnl_f32)
        destination = destination.with(direction == .forward ? shape.output.elementType : dnnl_f32)
    }

    /// As Winograd's algorithm has them: f32, in layouts of its own choice.
    init(winograd shape: ConvolutionShape) {
        low = dnnl_f32
        source = MemoryDescription.make(shape.inputExtents, dnnl_format_tag_any)
        destination = MemoryDescription.make(shape.outputExtents, dnnl_format_tag_any)
        weights = MemoryDescription.make(shape.weightExtents, dnnl_format_tag_any)
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
    fileprivate var inputExtents: [Int] { [samples, inputs, height, width] }
    fileprivate var outputExtents: [Int] { [samples, outputs, outputHeight, outputWidth] }
    fileprivate var weightExtents: [Int] { [outputs, inputs, kernel, kernel] }
}
