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

    func memory(_ description: dnnl_memory_desc_t, _ pointer: UnsafeMutablePointer<Float>) -> dnnl_memory_t? {
        var memory: dnnl_memory_t?
        let status = dnnl_memory_create(&memory, [description], engine, pointer)
        precondition(status == dnnl_success, "oneDNN refused a memory object: status \(status.rawValue)")
        return memory
    }

    func argument(
        _ kind: Int32, _ description: dnnl_memory_desc_t, _ pointer: UnsafeMutablePointer<Float>
    ) -> dnnl_exec_arg_t {
        dnnl_exec_arg_t(arg: kind, memory: memory(description, pointer))
    }

    /// Copies between two layouts of the same logical tensor.
    func reorder(
        _ from: UnsafeMutablePointer<Float>, _ fromLayout: dnnl_memory_desc_t, _ to: UnsafeMutablePointer<Float>,
        _ toLayout: dnnl_memory_desc_t
    ) {
        var description: dnnl_primitive_desc_t?
        var primitive: dnnl_primitive_t?
        let (source, destination) = (memory(fromLayout, from), memory(toLayout, to))
        defer {
            dnnl_memory_destroy(source)
            dnnl_memory_destroy(destination)
            dnnl_primitive_destroy(primitive)
            dnnl_primitive_desc_destroy(description)
        }
        let arguments = [
            dnnl_exec_arg_t(arg: ATELIER_DNNL_ARG_SRC, memory: source),
            dnnl_exec_arg_t(arg: ATELIER_DNNL_ARG_DST, memory: destination),
        ]
        let done =
            dnnl_reorder_primitive_desc_create(&description, [fromLayout], engine, [toLayout], engine, nil)
            == dnnl_success && dnnl_primitive_create(&primitive, description) == dnnl_success
            && dnnl_primitive_execute(primitive, stream, 2, arguments) == dnnl_success
        precondition(done, "oneDNN cannot reorder these weights")
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
}
