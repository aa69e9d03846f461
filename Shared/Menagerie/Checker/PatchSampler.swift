import Foundation

/// Reduces a box of a picture to the cells that `KindMatcher` compares.
struct PatchSampler {
    private let width: Int
    private let height: Int
    /// For each pixel how far it belongs to the thing, 0...1.
    private let covers: [Float]
    /// The luminance of each pixel, 0...1.
    private let luminances: [Float]
    private let box: (left: Int, top: Int, right: Int, bottom: Int)

    /// A thing that fills its own little picture.
    init(width: Int, height: Int, covers: [Float], luminances: [Float]) {
        (self.width, self.height, self.covers, self.luminances) = (width, height, covers, luminances)
        box = (0, 0, width, height)
    }

    /// A region of a picture; whatever lies outside it is ground.
    ///
    /// A pixel's cover grows from 0 to 1 between the two distances.
    init(_ region: Region, coverFrom low: Float, to high: Float, in foreground: Foreground) {
        let margin = 2
        let (left, top) = (region.left - margin, region.top - margin)
        width = region.width + 2 * margin
        height = region.height + 2 * margin
        let side = Menagerie.side
        var covers = [Float](repeating: 0, count: width * height)
        var luminances = covers
        for pixel in region.pixels {
            let index = (pixel / side - top) * width + pixel % side - left
            covers[index] = min(max((foreground.distances[pixel] - low) / (high - low), 0), 1)
            luminances[index] = Sprite.luminance(SIMD4(foreground.colors[pixel], 0)) / 255
        }
        (self.covers, self.luminances) = (covers, luminances)
        box = (margin, margin, margin + region.width, margin + region.height)
    }

    typealias Growth = (left: Int, top: Int, right: Int, bottom: Int)

    /// The logarithm of width over height.
    func aspect(_ growth: Growth) -> Float {
        let (columns, rows) = (
            box.right - box.left + growth.left + growth.right, box.bottom - box.top + growth.top + growth.bottom
        )
        return log(Float(max(columns, 1)) / Float(max(rows, 1)))
    }

    /// The unit vector, covers first, of the box grown outwards by so many pixels on each side.
    func features(growing growth: Growth) -> [SIMD16<Float>] {
        let cells = KindMatcher.side * KindMatcher.side
        let columns = spans(from: box.left - growth.left, to: box.right + growth.right, limit: width)
        let rows = spans(from: box.top - growth.top, to: box.bottom + growth.bottom, limit: height)
        var result = [Float](repeating: 0, count: 2 * cells)
        var (weight, sum, squares): (Float, Float, Float) = (0, 0, 0)
        for (row, y) in rows.enumerated() {
            for (column, x) in columns.enumerated() {
                var (cover, light): (Float, Float) = (0, 0)
                for (line, share) in [(y.first, 1 - y.share), (y.second, y.share)] {
                    let (a, b) = (line * width + x.first, line * width + x.second)
                    let (coverA, coverB) = (covers[a] * share * (1 - x.share), covers[b] * share * x.share)
                    cover += coverA + coverB
                    light += coverA * luminances[a] + coverB * luminances[b]
                }
                let cell = row * KindMatcher.side + column
                result[cell] = cover
                result[cells + cell] = cover > 0.02 ? light / cover : 0
                weight += cover
                sum += light
                squares += cover > 0.02 ? light * light / cover : 0
            }
        }
        let mean = sum / max(weight, 1)
        // A thing of one shade has no pattern: the floor keeps its noise small.
        let deviation = max((squares / max(weight, 1) - mean * mean).squareRoot(), 0.06)
        var norm: Float = 0
        for cell in 0..<cells {
            let cover = result[cell]
            result[cell] = 2 * cover - 1
            result[cells + cell] = cover * min(max((result[cells + cell] - mean) / deviation, -2.5), 2.5)
            norm += result[cell] * result[cell] + result[cells + cell] * result[cells + cell]
        }
        let scale = 1 / max(norm, 1e-6).squareRoot()
        return stride(from: 0, to: 2 * cells, by: 16).map { start in
            var lanes = SIMD16<Float>.zero
            for lane in 0..<16 { lanes[lane] = result[start + lane] * scale }
            return lanes
        }
    }

    private typealias Span = (first: Int, second: Int, share: Float)

    /// For the centre of each cell the two pixels around it and how near it is to the second.
    private func spans(from low: Int, to high: Int, limit: Int) -> [Span] {
        let length = Float(max(high - low, 1))
        return (0..<KindMatcher.side).map { cell in
            let centre = Float(low) + (Float(cell) + 0.5) * length / Float(KindMatcher.side) - 0.5
            let first = Int(centre.rounded(.down))
            let share = centre - Float(first)
            return (min(max(first, 0), limit - 1), min(max(first + 1, 0), limit - 1), share)
        }
    }
}
