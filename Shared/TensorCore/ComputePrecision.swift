internal import CKernels
internal import COneDNN

/// The element type in which products are computed; sums and results are f32 in any case.
public enum ComputePrecision: String, Codable, CaseIterable, Sendable {
    case f32
    /// Eight bits of mantissa at twice the rate, where the processor has instructions for it.
    case bf16

    /// This precision, or f32 on a processor that has no bf16 instructions.
    public var supported: ComputePrecision { self == .bf16 && !Self.processorHasBF16 ? .f32 : self }

    private static let processorHasBF16 =
        dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core_bf16.rawValue
        == dnnl_cpu_isa_avx512_core_bf16.rawValue

    var elementType: dnnl_data_type_t { self == .bf16 ? dnnl_bf16 : dnnl_f32 }
}

extension Tensor {
    /// The elements rounded to the nearest bf16, two in the place of one f32.
    func roundedToBF16() -> TensorStorage {
        let out = TensorStorage(count: (count + 1) / 2)
        out.pointer.withMemoryRebound(to: UInt16.self, capacity: count) { atelier_round_bf16(pointer, $0, Int64(count)) }
        return out
    }
}
