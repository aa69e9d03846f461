import Foundation

/// Tells the colour of a thing: every pixel votes for the colours whose shades it is near to.
struct TintMatcher: Sendable {
    /// The shades of each tint along its ramp, in Oklab.
    private let shades: [[SIMD3<Float>]]

    init() {
        shades = Ramp.all.map { ramp in (1...9).map { Self.oklab(ramp.shade(Float($0) / 10)) } }
    }

    static let shared = TintMatcher()

    /// For each tint, the share of the region's votes: sums to 1.
    func shares(of region: Region, in foreground: Foreground) -> [Float] {
        var votes = [Float](repeating: 0, count: shades.count)
        let contrast = region.contrast(in: foreground)
        for pixel in region.pixels {
            // The rim is mixed with the ground.
            let weight = min(max((foreground.distances[pixel] - 0.35 * contrast) / (0.4 * contrast), 0.05), 1)
            let color = Self.oklab(foreground.colors[pixel] / 255)
            var nearest = shades.map { ramp in ramp.lazy.map { Self.difference($0, color) }.min() ?? 1 }
            let least = nearest.min() ?? 0
            for index in nearest.indices { nearest[index] = exp((least - nearest[index]) / 0.004) }
            let sum = nearest.reduce(0, +)
            // Eyes and shadows are nearly black in every colour.
            let chroma = (color.y * color.y + color.z * color.z).squareRoot()
            let trust: Float = color.x < 0.35 && chroma < 0.06 ? 0.4 : 1
            for index in votes.indices { votes[index] += nearest[index] / sum * weight * trust }
        }
        let highest = votes.max() ?? 0
        guard highest > 0 else { return votes.map { _ in 1 / Float(votes.count) } }
        // The plurality decides; sharpening makes a clear one nearly certain.
        let weights = votes.map { pow($0 / highest, 3) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    /// Hue counts more than lightness.
    @inline(__always)
    private static func difference(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
        let step = a - b
        return 0.5 * step.x * step.x + step.y * step.y + step.z * step.z
    }

    /// Oklab (Ottosson, 2020) of an sRGB colour of 0...1.
    static func oklab(_ color: SIMD3<Float>) -> SIMD3<Float> {
        let linear = SIMD3(linear(color.x), linear(color.y), linear(color.z))
        let long = cbrt(0.412_221_5 * linear.x + 0.536_332_5 * linear.y + 0.051_446 * linear.z)
        let medium = cbrt(0.211_903_5 * linear.x + 0.680_699_5 * linear.y + 0.107_397 * linear.z)
        let short = cbrt(0.088_302_5 * linear.x + 0.281_718_8 * linear.y + 0.629_978_7 * linear.z)
        return SIMD3(
            0.210_454_3 * long + 0.793_617_8 * medium - 0.004_072 * short,
            1.977_998_5 * long - 2.428_592_2 * medium + 0.450_593_7 * short,
            0.025_904 * long + 0.782_771_8 * medium - 0.808_675_8 * short)
    }

    private static func linear(_ value: Float) -> Float {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
