import Foundation

/// The picture behind the things: a plain tone, or a named ground with one of a few horizons.
struct Backdrop: Hashable, Sendable {
    /// The rows at which a horizon can lie.
    static let horizons = [24, 30, 36]
    /// The tones of a plain ground.
    static let plainTones: [SIMD3<Float>] = [
        0xF6EBD3, 0xC9E2F7, 0xCDEFD8, 0xE1D6F5, 0xFFD9C7, 0xD5D7DD, 0x7C8796, 0x2E5E66, 0xF3E6A0, 0x9FB8A8,
    ].map(SIMD3.init(hexadecimal:))

    /// The named ground, or `nil` for a plain one.
    let ground: Ground?
    /// The index of the horizon, or of the tone of a plain ground.
    let variant: Int
    let isMirrored: Bool

    /// Every backdrop there is.
    static let all: [Backdrop] =
        plainTones.indices.map { Backdrop(ground: nil, variant: $0, isMirrored: false) }
        + Ground.allCases.flatMap { ground in
            horizons.indices.flatMap { variant in
                [false, true].map { Backdrop(ground: ground, variant: variant, isMirrored: $0) }
            }
        }

    /// RGB of 0...255 for every pixel of a picture, rows from the top.
    ///
    /// Painted once per backdrop: the values are constants of the program.
    var pixels: [SIMD3<Float>] { Self.painted[self] ?? paint() }

    private static let painted = Dictionary(uniqueKeysWithValues: all.map { ($0, $0.paint()) })

    /// For every pixel near an edge of the ground, the colour on the other side of the edge.
    var edges: [SIMD3<Float>?] { Self.edged[self] ?? findEdges() }

    private static let edged = Dictionary(uniqueKeysWithValues: all.map { ($0, $0.findEdges()) })

    private func findEdges() -> [SIMD3<Float>?] {
        let (side, reach, pixels) = (Menagerie.side, 2, self.pixels)
        return pixels.indices.map { index in
            let (x, y) = (index % side, index / side)
            var farthest = (color: SIMD3<Float>.zero, distance: Float(20 * 20))
            for ny in max(0, y - reach)...min(side - 1, y + reach) {
                for nx in max(0, x - reach)...min(side - 1, x + reach) {
                    let distance = (pixels[ny * side + nx] - pixels[index]).lengthSquared
                    if distance > farthest.distance { farthest = (pixels[ny * side + nx], distance) }
                }
            }
            return farthest.distance > 400 ? farthest.color : nil
        }
    }

    private func paint() -> [SIMD3<Float>] {
        let (side, samples) = (Menagerie.side, 4)
        return (0..<side * side).map { index in
            var sum = SIMD3<Float>.zero
            for sample in 0..<samples * samples {
                let x = Float(index % side) + (Float(sample % samples) + 0.5) / Float(samples)
                let y = Float(index / side) + (Float(sample / samples) + 0.5) / Float(samples)
                sum += color(x: isMirrored ? Float(side) - x : x, y: y)
            }
            return sum * (255 / Float(samples * samples))
        }
    }

    private func color(x: Float, y: Float) -> SIMD3<Float> {
        guard let ground else { return Self.plainTones[variant] }
        let horizon = Float(Self.horizons[variant])
        let tones = ground.tones
        switch ground {
        case .grass, .sand: return y < horizon ? tones[0] : tones[1]
        case .snow:
            // A hill on one side.
            return y < horizon - 7 * exp(-(x - 16) * (x - 16) / 160) ? tones[0] : tones[1]
        case .sea: return y < horizon - 12 + 1.2 * sin(x * 0.45) ? tones[0] : tones[1]
        case .sky:
            let clouds: [(Float, Float, Float)] = [(12, horizon - 14, 8), (22, horizon - 12, 6), (50, horizon + 18, 8)]
            return clouds.contains { hypot((x - $0.0) * 0.8, (y - $0.1) * 1.5) < $0.2 } ? tones[1] : tones[0]
        case .night: return hypot(x - 11, y - horizon + 14) < 6 ? tones[2] : y < 58 ? tones[0] : tones[1]
        case .moon:
            let craters: [(Float, Float, Float)] = [(12, 46, 7), (42, 42, 5), (54, 56, 8), (27, 58, 5)]
            if y < horizon { return tones[0] }
            return craters.contains { hypot(x - $0.0, (y - $0.1) * 2) < $0.2 } ? tones[2] : tones[1]
        case .park:
            let crowns: [(Float, Float)] = [(9, 10), (55, 8)]
            if crowns.contains(where: { hypot(x - $0.0, y - horizon + 12) < $0.1 }) { return tones[2] }
            if y < horizon + 3, abs(x - 9) < 1.6 || abs(x - 55) < 1.6, y > horizon - 12 { return tones[3] }
            return y < horizon ? tones[0] : tones[1]
        }
    }
}

extension Ground {
    /// The few colours it is painted with, as RGB of 0...1; those that cover most come first.
    var tones: [SIMD3<Float>] {
        let codes: [UInt32] =
            switch self {
            case .grass: [0xC4E2FA, 0x9BD070]
            case .snow: [0x9DB4D2, 0xD6E4F6]
            case .sand: [0xC4E2FA, 0xEAD29A]
            case .sea: [0xCDE8FB, 0x1A5A86]
            case .sky: [0x93CBF8, 0xDCEFFC]
            case .night: [0x26225A, 0x18163C, 0xF2E7A8]
            case .moon: [0x0E0E1A, 0x86848F, 0x6A6874]
            case .park: [0xC4E2FA, 0x86C25E, 0x3F8A48, 0x7A5230]
            }
        return codes.map(SIMD3.init(hexadecimal:))
    }

    /// The colours before which things usually stand.
    var mainTones: ArraySlice<SIMD3<Float>> {
        switch self {
        case .sky: tones.prefix(1)
        case .grass, .snow, .sand, .sea, .night: tones.prefix(2)
        case .moon, .park: tones.prefix(3)
        }
    }
}
