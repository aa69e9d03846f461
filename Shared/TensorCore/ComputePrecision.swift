internal import CKernels
internal import COneDNN

/// An element type: of the factors of products, and of activations on their way from layer to layer.
///
/// Sums, statistics, parameters and everything that is not a product are computed in f32 in any case.
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

    /// As the kernels name it.
    var kernelType: Int32 { Int32(self == .bf16 ? ATELIER_BF16 : ATELIER_F32) }

    /// Places of f32 that `count` elements take.
    func floats(_ count: Int) -> Int { self == .bf16 ? (count + 1) / 2 : count }
}

extension StoredFloat {
    /// As the kernels name it.
    var kernelType: Int32 {
        switch self {
        case .f32: Int32(ATELIER_F32)
        case .f16: Int32(ATELIER_F16)
        case .bf16: Int32(ATELIER_BF16)
        }
    }
}

extension Tensor {
    /// The elements as `precision`, rounded to nearest.
    public func converted(to precision: ComputePrecision) -> Tensor {
        guard precision != self.precision else { return self }
        let out = Tensor.output(shape, precision)
        if precision == .bf16 {
            atelier_narrow(pointer, out.bytes.assumingMemoryBound(to: UInt16.self), Int64(count))
        } else {
            atelier_widen(bytes.assumingMemoryBound(to: UInt16.self), out.pointer, Int64(count))
        }
        return out
    }

    /// The elements as f32.
    public func widened() -> Tensor { converted(to: .f32) }
}
