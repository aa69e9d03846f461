import Foundation

extension Sprite {
    /// A sprite at the size and in the colour in which it is drawn.
    struct Stamp: Sendable {
        let width: Int
        let height: Int
        /// Premultiplied RGBA of 0...1, rows from the top.
        var pixels: [SIMD4<Float>]
    }

    /// The used part of the sprite, reduced by area averaging.
    ///
    /// - Parameters:
    ///   - scale: the size of a sprite's pixel in the picture's pixels.
    ///   - isMirrored: left and right exchanged.
    ///   - tint: the colour; `nil` keeps the natural one.
    /// - Returns: a picture just large enough.
    func stamp(scale: Float, isMirrored: Bool, tint: Tint?) -> Stamp {
        let targetWidth = max(1, Int((Float(width) * scale).rounded()))
        let targetHeight = max(1, Int((Float(height) * scale).rounded()))
        let columns = Self.spans(from: Float(Self.side - width) / 2, length: Float(width), into: targetWidth)
        let rows = Self.spans(from: Float(Self.side - height) / 2, length: Float(height), into: targetHeight)
        var narrow = [SIMD4<Float>](repeating: .zero, count: Self.side * targetWidth)
        var result = [SIMD4<Float>](repeating: .zero, count: targetWidth * targetHeight)
        pixels.withUnsafeBufferPointer { source in
            for y in 0..<Self.side {
                for (x, span) in columns.enumerated() {
                    var sum = SIMD4<Float>.zero
                    for (offset, weight) in span.weights { sum += source[y * Self.side + span.start + offset] * weight }
                    narrow[y * targetWidth + (isMirrored ? targetWidth - 1 - x : x)] = sum
                }
            }
        }
        for (y, span) in rows.enumerated() {
            for (offset, weight) in span.weights {
                let row = (span.start + offset) * targetWidth
                for x in 0..<targetWidth { result[y * targetWidth + x] += narrow[row + x] * weight }
            }
        }
        if let tint { recolor(&result, with: Ramp[tint]) }
        return Stamp(width: targetWidth, height: targetHeight, pixels: result)
    }

    private func recolor(_ pixels: inout [SIMD4<Float>], with ramp: Ramp) {
        for index in pixels.indices where pixels[index].w > 0.004 {
            let pixel = pixels[index]
            let position = min(max((Self.luminance(pixel) / pixel.w - darkest) / range, 0), 1)
            pixels[index] = SIMD4(ramp.shade(pow(position, exponent)) * pixel.w, pixel.w)
        }
    }

    private struct Span {
        var start: Int
        var weights: [(offset: Int, weight: Float)]
    }

    /// For each target pixel the source pixels it covers, weighted by the covered length; the weights sum to 1.
    private static func spans(from origin: Float, length: Float, into count: Int) -> [Span] {
        let step = length / Float(count)
        return (0..<count).map { index in
            let low = origin + Float(index) * step
            let high = low + step
            let start = Int(low)
            let end = min(side, Int(high.rounded(.up)))
            let weights = (start..<max(end, start + 1)).map { source in
                (source - start, max(0, min(high, Float(source + 1)) - max(low, Float(source))) / step)
            }
            return Span(start: start, weights: weights)
        }
    }
}
