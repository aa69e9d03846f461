/// A connected part of the foreground: the pixels of one thing.
struct Region: Sendable {
    /// Indices into the picture's pixels.
    var pixels: [Int]
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int

    var width: Int { right - left + 1 }
    var height: Int { bottom - top + 1 }

    /// How far most of the thing is from the ground: the upper quartile of its pixels' distances.
    func contrast(in foreground: Foreground) -> Float {
        let sorted = pixels.map { foreground.distances[$0] }.sorted()
        return sorted[sorted.count * 3 / 4]
    }

    /// The part of the thing that is at least as far from the ground as the threshold; `nil` if hardly anything is.
    func tightened(to threshold: Float, in foreground: Foreground) -> Region? {
        let side = Menagerie.side
        let kept = pixels.filter { foreground.distances[$0] >= threshold }
        guard kept.count >= 16, kept.count * 2 > pixels.count else { return nil }
        let (columns, rows) = (kept.map { $0 % side }, kept.map { $0 / side })
        return Region(
            pixels: kept, left: columns.min() ?? 0, top: rows.min() ?? 0, right: columns.max() ?? 0,
            bottom: rows.max() ?? 0)
    }

    /// The things of a picture, from the largest to the smallest.
    ///
    /// Pieces closer than two pixels to a larger one belong to it (a leg cut off by a pale knee); specks are dropped.
    static func all(in foreground: Foreground) -> [Region] {
        var regions = connected(foreground.distances.map { $0 > Foreground.threshold })
            .filter { $0.pixels.count >= 4 }
            .sorted { $0.pixels.count > $1.pixels.count }
        var index = regions.count - 1
        while index > 0 {
            if let host = (0..<index).first(where: { regions[$0].absorbs(regions[index]) }) {
                regions[host].add(regions[index])
                regions.remove(at: index)
            }
            index -= 1
        }
        let largest = regions.map(\.pixels.count).max() ?? 0
        return regions.filter { $0.pixels.count >= max(24, largest / 12) }
    }

    private func absorbs(_ other: Region) -> Bool {
        let gapX = max(other.left - right, left - other.right) - 1
        let gapY = max(other.top - bottom, top - other.bottom) - 1
        if gapX < 0 && gapY < 0 { return other.pixels.count * 2 < pixels.count }
        return max(gapX, gapY) < 2 && other.pixels.count * 3 < pixels.count
    }

    private mutating func add(_ other: Region) {
        pixels += other.pixels
        (left, right) = (min(left, other.left), max(right, other.right))
        (top, bottom) = (min(top, other.top), max(bottom, other.bottom))
    }

    /// The eight-connected components of a mask.
    private static func connected(_ mask: [Bool]) -> [Region] {
        let side = Menagerie.side
        var isOpen = mask
        var regions: [Region] = []
        for start in mask.indices where isOpen[start] {
            isOpen[start] = false
            var region = Region(
                pixels: [start], left: start % side, top: start / side, right: start % side, bottom: start / side)
            var next = 0
            while next < region.pixels.count {
                let (x, y) = (region.pixels[next] % side, region.pixels[next] / side)
                next += 1
                (region.left, region.right) = (min(region.left, x), max(region.right, x))
                (region.top, region.bottom) = (min(region.top, y), max(region.bottom, y))
                for ny in max(0, y - 1)...min(side - 1, y + 1) {
                    for nx in max(0, x - 1)...min(side - 1, x + 1) where isOpen[ny * side + nx] {
                        isOpen[ny * side + nx] = false
                        region.pixels.append(ny * side + nx)
                    }
                }
            }
            regions.append(region)
        }
        return regions
    }
}
