import Foundation

extension Sprite {
    /// A shape drawn with eight by eight samples a pixel, grey with a darker rim: it gets its colour like an animal.
    static func shape(_ kind: Kind) -> Sprite {
        let samples = 8
        var pixels: [SIMD4<Float>] = []
        for y in 0..<side {
            for x in 0..<side {
                var sum = SIMD4<Float>.zero
                for sample in 0..<samples * samples {
                    let u = (Float(x) + (Float(sample % samples) + 0.5) / Float(samples)) * 2 / Float(side) - 1
                    let v = (Float(y) + (Float(sample / samples) + 0.5) / Float(samples)) * 2 / Float(side) - 1
                    guard covers(kind, u, v) else { continue }
                    // The rim is where the shape made a tenth smaller no longer reaches.
                    let isRim = !covers(kind, u / 0.86, v / 0.86) || kind == .ring && hypot(u, v) < 0.56
                    let grey: Float = isRim ? 0.3 : 0.62 - 0.12 * v
                    sum += SIMD4(grey, grey, grey, 1)
                }
                pixels.append(sum / Float(samples * samples))
            }
        }
        return Sprite(pixels: pixels)
    }

    /// Whether the shape covers a point of the square from -1 to 1, v pointing down.
    private static func covers(_ kind: Kind, _ u: Float, _ v: Float) -> Bool {
        let radius = hypot(u, v)
        return switch kind {
        case .circle: radius < 0.98
        case .square: abs(u) < 0.86 && abs(v) < 0.86
        case .triangle: v < 0.86 && abs(u) < (v + 0.92) * 0.55
        case .diamond: abs(u) / 0.7 + abs(v) / 0.98 < 1
        case .cross: min(abs(u), abs(v)) < 0.33 && max(abs(u), abs(v)) < 0.96
        case .ring: radius < 0.98 && radius > 0.48
        case .star: isInStar(u, v)
        case .heart: isInHeart(u * 1.15, -v * 1.15 + 0.12)
        default: false
        }
    }

    private static func isInStar(_ u: Float, _ v: Float) -> Bool {
        // Within one of five equal sectors the rim is the line from a tip (radius 1) to a notch (radius 0.45).
        let sector = 2 * Float.pi / 5
        let turn = (atan2(u, -v) + 2 * Float.pi).truncatingRemainder(dividingBy: sector)
        let angle = min(turn, sector - turn)
        let (notchX, notchY) = (0.45 * cos(sector / 2), 0.45 * sin(sector / 2))
        let (x, y) = (hypot(u, v) * cos(angle), hypot(u, v) * sin(angle))
        return (1 - x) * notchY - y * (1 - notchX) > 0
    }

    private static func isInHeart(_ x: Float, _ y: Float) -> Bool {
        let base = x * x + y * y - 0.75
        return base * base * base - x * x * y * y * y * 1.6 < 0
    }
}

extension Float {
    static func log(_ value: Float) -> Float { Foundation.log(value) }
}
