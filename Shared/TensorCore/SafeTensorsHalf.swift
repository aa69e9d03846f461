/// Half-precision numbers by integer arithmetic: the same on every processor, and compilers vectorise it.
extension Float {
    /// The value of an IEEE half.
    @inline(__always)
    init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7fff) << 13
        // Multiplying by 2^112 moves the exponent from the half's bias to the float's and normalises subnormals.
        let scaled = Float(bitPattern: magnitude) * 0x1p112
        let finite = scaled.bitPattern | sign
        let special = magnitude | 0x7f80_0000 | sign
        self = Float(bitPattern: bits & 0x7c00 == 0x7c00 ? special : finite)
    }

    /// The nearest IEEE half, ties to even; too large becomes infinite, not-a-number stays one.
    @inline(__always)
    var halfBits: UInt16 {
        let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
        let magnitude = bitPattern & 0x7fff_ffff
        if magnitude > 0x7f80_0000 { return sign | 0x7e00 }
        if magnitude >= 0x477f_f000 { return sign | 0x7c00 }  // 65520 and above round to infinity
        if magnitude < 0x3880_0000 {
            // Below 2^-14 the half is subnormal: adding 0.5 lets the float adder round to multiples of 2^-24.
            return sign | UInt16(truncatingIfNeeded: (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3f00_0000)
        }
        let rounded = magnitude &+ 0xfff &+ (magnitude >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- 0x1c000)
    }

    /// The nearest bfloat16, ties to even; not-a-number stays one.
    @inline(__always)
    var brainBits: UInt16 {
        if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7fff &+ (bitPattern >> 16 & 1)) >> 16)
    }
}

/// The element types that are read as f32.
enum StoredFloat: String {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"

    /// Converts little-endian elements; `data` has as many as `out`.
    func read(_ data: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .f32: UnsafeMutableRawBufferPointer(out).copyMemory(from: data)
        case .f16: Self.convert(data, out) { Float(halfBits: $0) }
        case .bf16: Self.convert(data, out) { Float(bitPattern: UInt32($0) << 16) }
        }
    }

    @inline(__always)
    private static func convert(
        _ data: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, _ convert: (UInt16) -> Float
    ) {
        for index in out.indices {
            out[index] = convert(UInt16(littleEndian: data.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
        }
    }
}
