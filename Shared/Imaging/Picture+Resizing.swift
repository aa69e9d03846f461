extension Picture {
    /// A filter for resizing, as Pillow has it.
    public enum Filter: String, Codable, CaseIterable, Sendable {
        case bilinear
        /// Keys' cubic with a = -0.5.
        case bicubic

        /// How far the filter reaches, in pixels of the larger grid.
        var support: Double { self == .bilinear ? 1 : 2 }

        func weight(_ distance: Double) -> Double {
            let x = abs(distance)
            switch self {
            case .bilinear: return max(1 - x, 0)
            case .bicubic:
                let a = -0.5
                if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
                return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
            }
        }

        /// The old pixels along one side that a new one is made of, with their weights, whose sum is 1.
        ///
        /// - Parameters:
        ///   - index: the new pixel.
        ///   - old: pixels along the side.
        ///   - new: pixels it is resized to.
        /// - Returns: the first old pixel, and the weights from there.
        public func taps(at index: Int, from old: Int, to new: Int) -> (first: Int, weights: [Double]) {
            let scale = Double(old) / Double(new)
            let widening = max(scale, 1)
            let centre = (Double(index) + 0.5) * scale
            let first = max(Int(centre - support * widening + 0.5), 0)
            let last = min(Int(centre + support * widening + 0.5), old)
            let weights = (first..<last).map { weight((Double($0) - centre + 0.5) / widening) }
            let sum = weights.reduce(0, +)
            return (first, weights.map { $0 / sum })
        }
    }

    /// The picture in another size: the filter widens as the picture shrinks, so that nothing aliases.
    ///
    /// Columns first, then rows, each rounded to 8 bits with weights of 22 bits, as Pillow does it.
    public func resized(width newWidth: Int, height newHeight: Int, _ filter: Filter) -> Picture {
        precondition(newWidth > 0 && newHeight > 0, "a picture of \(newWidth)x\(newHeight) has no pixels")
        let wide = newWidth == width ? self : resizingColumns(ResizingTaps(from: width, to: newWidth, filter))
        return newHeight == height ? wide : wide.resizingRows(ResizingTaps(from: height, to: newHeight, filter))
    }

    /// The largest square in the middle.
    ///
    /// - Parameter side: the side of the square; both sides of the picture are at least that.
    /// - Returns: the square.
    public func croppedAtCentre(_ side: Int) -> Picture {
        precondition(side > 0 && side <= min(width, height), "a square of \(side) in \(width)x\(height)")
        let left = Int((Double(width - side) / 2).rounded(.toNearestOrEven))
        let top = Int((Double(height - side) / 2).rounded(.toNearestOrEven))
        var cropped: [UInt8] = []
        cropped.reserveCapacity(side * side * 3)
        for row in top..<top + side {
            cropped += pixels[(row * width + left) * 3..<(row * width + left + side) * 3]
        }
        return Picture(width: side, height: side, pixels: cropped)
    }

    private func resizingColumns(_ taps: ResizingTaps) -> Picture {
        var result = [UInt8](repeating: 0, count: taps.count * height * 3)
        for row in 0..<height {
            for column in 0..<taps.count {
                for channel in 0..<3 {
                    result[(row * taps.count + column) * 3 + channel] = taps.sum(column) {
                        pixels[(row * width + $0) * 3 + channel]
                    }
                }
            }
        }
        return Picture(width: taps.count, height: height, pixels: result)
    }

    private func resizingRows(_ taps: ResizingTaps) -> Picture {
        var result = [UInt8](repeating: 0, count: width * taps.count * 3)
        for row in 0..<taps.count {
            for index in 0..<width * 3 {
                result[row * width * 3 + index] = taps.sum(row) { pixels[$0 * width * 3 + index] }
            }
        }
        return Picture(width: width, height: taps.count, pixels: result)
    }
}

/// For each new pixel along one side, the old ones it is made of and their weights.
private struct ResizingTaps {
    private static let bits = 22
    private let taps: [(first: Int, weights: [Int])]

    var count: Int { taps.count }

    init(from old: Int, to new: Int, _ filter: Picture.Filter) {
        taps = (0..<new).map { index in
            let (first, weights) = filter.taps(at: index, from: old, to: new)
            return (first, weights.map { Int(($0 * Double(1 << Self.bits)).rounded(.toNearestOrAwayFromZero)) })
        }
    }

    func sum(_ index: Int, _ pixel: (Int) -> UInt8) -> UInt8 {
        let (first, weights) = taps[index]
        var sum = 1 << (Self.bits - 1)
        for (offset, weight) in weights.enumerated() { sum += weight * Int(pixel(first + offset)) }
        return UInt8(min(max(sum >> Self.bits, 0), 255))
    }
}
