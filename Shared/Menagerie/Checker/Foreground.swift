import Imaging

/// What of a picture is ground and what stands before it.
struct Foreground: Sendable {
    /// How well each ground explains the picture, in the order of `Ground.allCases`, then the plain one: sums to 1.
    let groundShares: [Float]
    /// RGB of 0...255 for each pixel.
    let colors: [SIMD3<Float>]
    /// For each pixel, how far it is from the ground's colours around it, in units of 0...255.
    let distances: [Float]

    /// A pixel this far from the ground belongs to a thing.
    static let threshold: Float = 26

    init(_ picture: Picture) {
        let side = Menagerie.side
        var colors: [SIMD3<Float>] = []
        colors.reserveCapacity(side * side)
        for start in stride(from: 0, to: picture.pixels.count, by: 3) {
            let pixel = SIMD3(picture.pixels[start], picture.pixels[start + 1], picture.pixels[start + 2])
            colors.append(SIMD3<Float>(pixel))
        }
        let candidates = Backdrop.all.map { (backdrop: $0, pixels: $0.pixels) }
        let tone = Self.borderTone(colors)
        var costs = candidates.map { Self.cost(colors) { [pixels = $0.pixels] in pixels[$0] } }
        let freeCost = Self.cost(colors) { _ in tone }
        var best = Ground.allCases.map { ground in
            zip(candidates, costs).lazy.filter { $0.0.backdrop.ground == ground }.map(\.1).min() ?? 1
        }
        best.append(
            min(freeCost, zip(candidates, costs).lazy.filter { $0.0.backdrop.ground == nil }.map(\.1).min() ?? 1))
        let lowest = best.min() ?? 0
        let weights = best.map { Float.exp((lowest - $0) / 0.03) }
        groundShares = weights.map { $0 / weights.reduce(0, +) }

        costs.append(freeCost)
        let winner = costs.indices.min { costs[$0] < costs[$1] } ?? 0
        if winner < candidates.count, candidates[winner].backdrop.ground != nil {
            distances = Self.distances(colors, to: candidates[winner].backdrop)
        } else {
            distances = colors.map { ($0 - tone).lengthSquared.squareRoot() }
        }
        self.colors = colors
    }

    /// The share of the pixels that a ground leaves unexplained, each counted by its squared distance up to a limit.
    private static func cost(_ colors: [SIMD3<Float>], ground: (Int) -> SIMD3<Float>) -> Float {
        var sum: Float = 0
        let side = Menagerie.side
        for y in stride(from: 0, to: side, by: 2) {
            for x in stride(from: y / 2 % 2, to: side, by: 2) {
                let index = y * side + x
                sum += min((colors[index] - ground(index)).lengthSquared / (45 * 45), 1)
            }
        }
        return sum / Float(side * side / 4)
    }

    /// The median colour of the outermost two rows and columns.
    private static func borderTone(_ colors: [SIMD3<Float>]) -> SIMD3<Float> {
        let side = Menagerie.side
        let border = colors.indices.filter { index in
            let (x, y) = (index % side, index / side)
            return min(x, y, side - 1 - x, side - 1 - y) < 2
        }
        return SIMD3(
            border.map { colors[$0].x }.sorted()[border.count / 2],
            border.map { colors[$0].y }.sorted()[border.count / 2],
            border.map { colors[$0].z }.sorted()[border.count / 2])
    }

    /// The distance of each pixel to the ground's colours around it and to the mixtures of two of them.
    ///
    /// An edge of the ground may be shifted by a pixel or two, and in a soft picture it passes through mixed colours.
    private static func distances(_ colors: [SIMD3<Float>], to backdrop: Backdrop) -> [Float] {
        let ground = backdrop.pixels
        let edges = backdrop.edges
        return colors.indices.map { index in
            guard let other = edges[index] else { return (colors[index] - ground[index]).lengthSquared.squareRoot() }
            let step = other - ground[index]
            let from = colors[index] - ground[index]
            let share = min(max((from * step).sum() / max(step.lengthSquared, 1), 0), 1)
            return (from - step * share).lengthSquared.squareRoot()
        }
    }
}
