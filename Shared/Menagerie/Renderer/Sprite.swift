internal import CAtlas
import Imaging

/// The picture of a kind before it is coloured and placed: premultiplied RGBA of 0...1 on a square.
struct Sprite: Sendable {
    static let side = 48

    /// `side * side` pixels, rows from the top.
    let pixels: [SIMD4<Float>]
    /// The part of the square that is used; it lies in the middle.
    let width: Int
    let height: Int
    /// How luminance becomes the position on a colour's ramp: `((l - darkest) / range) ** exponent`.
    let darkest: Float
    let range: Float
    let exponent: Float

    init(pixels: [SIMD4<Float>]) {
        self.pixels = pixels
        let side = Self.side
        let used = pixels.indices.filter { pixels[$0].w > 0.3 }
        let columns = used.map { abs(2 * ($0 % side) + 1 - side) }
        let rows = used.map { abs(2 * ($0 / side) + 1 - side) }
        width = min(side, (columns.max() ?? side) + 1)
        height = min(side, (rows.max() ?? side) + 1)

        let luminances = used.map { Self.luminance(pixels[$0]) / pixels[$0].w }.sorted()
        let quantile = { (share: Float) in luminances[Int(share * Float(luminances.count - 1))] }
        darkest = quantile(0.02)
        range = max(quantile(0.98) - darkest, 0.25)
        // The middle luminance becomes the middle of the ramp, so that the colour itself covers most of the animal.
        let middle = min(max((quantile(0.5) - darkest) / range, 0.1), 0.95)
        exponent = min(max(Float.log(0.5) / Float.log(middle), 0.5), 2.5)
    }

    /// The weights of BT.709 on the stored values; premultiplied in, premultiplied out.
    @inline(__always)
    static func luminance(_ pixel: SIMD4<Float>) -> Float {
        0.2126 * pixel.x + 0.7152 * pixel.y + 0.0722 * pixel.z
    }

    /// The sprite of each kind, in the order of `Kind.allCases`.
    static let all: [Sprite] = animals() + Kind.shapes.map(shape)

    private static func animals() -> [Sprite] {
        let file = Array(UnsafeBufferPointer(start: catlas_bytes(), count: catlas_count()))
        let sheet: Picture
        do {
            sheet = try Picture(png: file)
        } catch {
            preconditionFailure("the embedded atlas is damaged: \(error)")
        }
        precondition(
            sheet.width == 2 * side && sheet.height == Kind.animals.count * side, "the atlas has another shape")
        return Kind.animals.indices.map { row in
            Sprite(
                pixels: (0..<side * side).map { index in
                    let start = ((row * side + index / side) * sheet.width + index % side) * 3
                    let alpha = sheet.pixels[start + side * 3]
                    let pixel = SIMD4(sheet.pixels[start], sheet.pixels[start + 1], sheet.pixels[start + 2], alpha)
                    return SIMD4<Float>(pixel) / 255
                })
        }
    }
}
