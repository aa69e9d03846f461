internal import COneDNN

/// The CPU engine and its stream.
///
/// `@unchecked Sendable`: oneDNN's CPU engine and in-order CPU stream hold no mutable state once made; execution is
/// synchronous on the calling thread.
final class OneDNN: @unchecked Sendable {
    static let shared = OneDNN()

    let engine: dnnl_engine_t
    let stream: dnnl_stream_t

    private init() {
        var engine: dnnl_engine_t?
        var stream: dnnl_stream_t?
        guard dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success, let engine,
            dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)) == dnnl_success, let stream
        else { preconditionFailure("oneDNN has no CPU engine") }
        (self.engine, self.stream) = (engine, stream)
    }

    func memory(_ description: dnnl_memory_desc_t, _ pointer: UnsafeMutableRawPointer) -> dnnl_memory_t? {
        var memory: dnnl_memory_t?
        let status = dnnl_memory_create(&memory, [description], engine, pointer)
        precondition(status == dnnl_success, "oneDNN refused a memory object: status \(status.rawValue)")
        return memory
    }

    func argument(
        _ kind: Int32, _ description: dnnl_memory_desc_t, _ pointer: UnsafeMutableRawPointer
    ) -> dnnl_exec_arg_t {
        dnnl_exec_arg_t(arg: kind, memory: memory(description, pointer))
    }
}

/// A primitive with its scratchpad from our own pool.
///
/// `@unchecked Sendable`: oneDNN documents primitives with a user's scratchpad as re-entrant, and all members are constant.
final class Primitive: @unchecked Sendable {
    /// One tensor of an execution.
    typealias Argument = (kind: Int32, layout: dnnl_memory_desc_t, pointer: UnsafeMutableRawPointer)

    private let primitive: dnnl_primitive_t
    private let description: dnnl_primitive_desc_t
    private let scratchpad: dnnl_memory_desc_t

    /// The primitive of a description, which it owns from now on.
    init(_ description: dnnl_primitive_desc_t) {
        self.description = description
        scratchpad = MemoryDescription.query(description, dnnl_query_scratchpad_md)
        var made: dnnl_primitive_t?
        let status = dnnl_primitive_create(&made, description)
        guard status == dnnl_success, let made else {
            preconditionFailure("oneDNN made no primitive: status \(status.rawValue)")
        }
        primitive = made
    }

    deinit {
        dnnl_primitive_destroy(primitive)
        dnnl_primitive_desc_destroy(description)
    }

    /// The layout that the primitive chose for one of its tensors.
    func layout(_ what: dnnl_query_t) -> dnnl_memory_desc_t { MemoryDescription.query(description, what) }

    func run(_ arguments: [Argument]) {
        let scratch = TensorStorage(count: MemoryDescription.floats(scratchpad))
        var list = arguments.map { OneDNN.shared.argument($0.kind, $0.layout, $0.pointer) }
        list.append(OneDNN.shared.argument(ATELIER_DNNL_ARG_SCRATCHPAD, scratchpad, scratch.pointer))
        let status = withExtendedLifetime(scratch) {
            dnnl_primitive_execute(primitive, OneDNN.shared.stream, Int32(list.count), list)
        }
        precondition(status == dnnl_success, "a oneDNN primitive failed: status \(status.rawValue)")
        for argument in list { dnnl_memory_destroy(argument.memory) }
    }

    /// Attributes of all our primitives, with an addition of a tensor to the result where one is given.
    static func withAttributes<Result>(
        adding residual: dnnl_memory_desc_t? = nil, _ body: (dnnl_primitive_attr_t) -> Result
    ) -> Result {
        var attributes: dnnl_primitive_attr_t?
        var additions: dnnl_post_ops_t?
        guard dnnl_primitive_attr_create(&attributes) == dnnl_success, let attributes,
            dnnl_post_ops_create(&additions) == dnnl_success
        else { preconditionFailure("oneDNN is out of memory") }
        defer {
            dnnl_primitive_attr_destroy(attributes)
            dnnl_post_ops_destroy(additions)
        }
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
        if let residual {
            dnnl_post_ops_append_binary(additions, dnnl_binary_add, [residual])
            dnnl_primitive_attr_set_post_ops(attributes, additions)
        }
        return body(attributes)
    }
}

/// A copy between two layouts or element types of the same logical tensor.
func reorder(
    _ from: dnnl_memory_desc_t, _ source: UnsafeMutableRawPointer, to: dnnl_memory_desc_t,
    _ destination: UnsafeMutableRawPointer
) {
    var description: dnnl_primitive_desc_t?
    let (engine, layouts) = (OneDNN.shared.engine, ([from], [to]))
    let status = Primitive.withAttributes {
        dnnl_reorder_primitive_desc_create(&description, layouts.0, engine, layouts.1, engine, $0)
    }
    guard status == dnnl_success, let description else {
        preconditionFailure("oneDNN cannot reorder these tensors: status \(status.rawValue)")
    }
    Primitive(description).run([(ATELIER_DNNL_ARG_SRC, from, source), (ATELIER_DNNL_ARG_DST, to, destination)])
}

enum MemoryDescription {
    static func make(
        _ extents: [Int], _ layout: dnnl_format_tag_t, _ type: dnnl_data_type_t = dnnl_f32
    ) -> dnnl_memory_desc_t {
        var description = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &description, Int32(extents.count), extents.map(Int64.init), type, layout)
        precondition(status == dnnl_success, "oneDNN has no layout for extents \(extents)")
        return description
    }

    static func query(_ primitive: dnnl_primitive_desc_t, _ what: dnnl_query_t) -> dnnl_memory_desc_t {
        dnnl_primitive_desc_query_md(primitive, what, 0)?.pointee ?? dnnl_memory_desc_t()
    }

    /// Size in f32 elements, at least one.
    static func floats(_ description: dnnl_memory_desc_t) -> Int {
        max(1, (dnnl_memory_desc_get_size([description]) + 3) / 4)
    }
}

func oneDNN(_ status: dnnl_status_t, _ shape: ConvolutionShape) {
    precondition(status == dnnl_success, "oneDNN status \(status.rawValue) for \(shape)")
}

extension dnnl_memory_desc_t {
    /// The same extents and layout for elements of another type.
    func with(_ type: dnnl_data_type_t) -> dnnl_memory_desc_t {
        var copy = self
        copy.data_type = type
        return copy
    }

    func isSame(as other: dnnl_memory_desc_t) -> Bool { dnnl_memory_desc_equal([self], [other]) != 0 }
}
