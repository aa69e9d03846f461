/// The shades of a colour from its darkest to its lightest, as RGB of 0...1.
///
/// Colouring keeps the order of luminances: eyes stay darker than fur. Black and white keep some contrast, or the face
/// would vanish.
struct Ramp: Sendable {
    let dark: SIMD3<Float>
    let middle: SIMD3<Float>
    let light: SIMD3<Float>

    /// The shade at a position of 0...1.
    @inline(__always)
    func shade(_ position: Float) -> SIMD3<Float> {
        position < 0.5 ? dark + (middle - dark) * (2 * position) : middle + (light - middle) * (2 * position - 1)
    }

    init(_ tint: Tint) {
        let (dark, middle, light): (UInt32, UInt32, UInt32) =
            switch tint {
            case .red: (0x4A0808, 0xD62828, 0xFF8A80)
            case .orange: (0x5C2B00, 0xF58A1C, 0xFFC98A)
            case .yellow: (0x5E4B00, 0xF7D82A, 0xFFF3A6)
            case .green: (0x0B3A12, 0x35AB45, 0xA2EE9A)
            case .blue: (0x0B1B5A, 0x2F62DE, 0x9CBCFF)
            case .purple: (0x2C0A45, 0x8E3CC4, 0xD7A6F7)
            case .pink: (0x6B1240, 0xF786BC, 0xFFD3E6)
            case .brown: (0x2B1408, 0x84502A, 0xC49A74)
            case .black: (0x060608, 0x34343C, 0x9A9AA4)
            case .white: (0x6A6C78, 0xE9EBF0, 0xFFFFFF)
            }
        self.dark = SIMD3(hexadecimal: dark)
        self.middle = SIMD3(hexadecimal: middle)
        self.light = SIMD3(hexadecimal: light)
    }

    /// The ramps in the order of `Tint.allCases`.
    static let all = Tint.allCases.map(Ramp.init)

    static subscript(tint: Tint) -> Ramp {
        all[Tint.allCases.firstIndex(of: tint) ?? 0]
    }
}

extension SIMD3<Float> {
    /// RGB of 0...1 from 0xRRGGBB.
    init(hexadecimal code: UInt32) {
        self = SIMD3(Float(code >> 16 & 255), Float(code >> 8 & 255), Float(code & 255)) / 255
    }
}
