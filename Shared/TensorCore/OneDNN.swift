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

/// A copy between two layouts or element types of the same logical tensor.
///
/// `@unchecked Sendable`: as ``ConvolutionPrimitive``.
final class Reorder: @unchecked Sendable {
    let from, to: dnnl_memory_desc_t
    private let primitive: dnnl_primitive_t
    private let description: dnnl_primitive_desc_t

    init(from: dnnl_memory_desc_t, to: dnnl_memory_desc_t) {
        (self.from, self.to) = (from, to)
        var description: dnnl_primitive_desc_t?
        var primitive: dnnl_primitive_t?
        let (engine, layouts) = (OneDNN.shared.engine, ([from], [to]))
        guard
            dnnl_reorder_primitive_desc_create(&description, layouts.0, engine, layouts.1, engine, nil)
                == dnnl_success, let description,
            dnnl_primitive_create(&primitive, description) == dnnl_success, let primitive
        else { preconditionFailure("oneDNN cannot reorder these tensors") }
        (self.description, self.primitive) = (description, primitive)
    }

    deinit {
        dnnl_primitive_destroy(primitive)
        dnnl_primitive_desc_destroy(description)
    }

    func execute(_ source: UnsafeMutableRawPointer, _ destination: UnsafeMutableRawPointer) {
        let arguments = [
            OneDNN.shared.argument(ATELIER_DNNL_ARG_SRC, from, source),
            OneDNN.shared.argument(ATELIER_DNNL_ARG_DST, to, destination),
        ]
        let status = dnnl_primitive_execute(primitive, OneDNN.shared.stream, 2, arguments)
        precondition(status == dnnl_success, "oneDNN could not reorder a tensor: status \(status.rawValue)")
        for argument in arguments { dnnl_memory_destroy(argument.memory) }
    }
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
