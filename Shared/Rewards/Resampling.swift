import Imaging
import TensorCore

/// Pictures of floating-point pixels in another size: a linear map, so that its transpose carries gradients back.
///
/// The weights are those of ``Imaging/Picture/resized(width:height:_:)``, without its rounding to bytes.
struct Resampling {
    /// For each new pixel along one side the first old one and the weights from there.
    private struct Side {
        var taps: [(first: Int, weights: [Float])]

        /// - Parameters:
        ///   - old: pixels along the side.
        ///   - new: pixels it is resized to.
        ///   - range: which of those are kept.
        ///   - filter: how it is resized.
        init(from old: Int, to new: Int, kept range: Range<Int>, _ filter: Picture.Filter) {
            taps = range.map { index in
                let taps = filter.taps(at: index, from: old, to: new)
                return (taps.first, taps.weights.map { Float($0) })
            }
        }
    }

    private let rows, columns: Side
    private let height, width: Int

    /// - Parameters:
    ///   - size: height and width of the old pictures.
    ///   - resized: height and width they are resized to.
    ///   - kept: rows and columns of the resized picture that are kept.
    ///   - filter: how they are resized.
    init(
        _ size: (height: Int, width: Int), resized: (height: Int, width: Int),
        kept: (rows: Range<Int>, columns: Range<Int>),
        _ filter: Picture.Filter
    ) {
        (height, width) = size
        rows = Side(from: size.height, to: resized.height, kept: kept.rows, filter)
        columns = Side(from: size.width, to: resized.width, kept: kept.columns, filter)
    }

    /// `[picture, height, width, 3]` in the new size.
    func callAsFunction(_ pixels: Tensor) -> Tensor {
        let (samples, newHeight, newWidth) = (pixels.shape[0], rows.taps.count, columns.taps.count)
        var narrow = [Float](repeating: 0, count: height * newWidth * 3)
        return Tensor(uninitialized: [samples, newHeight, newWidth, 3]) { out in
            out.update(repeating: 0)
            pixels.withUnsafeBuffer { pixels in
                for sample in 0..<samples {
                    let picture = sample * height * width * 3
                    for y in 0..<height {
                        for (x, tap) in columns.taps.enumerated() {
                            var sums = SIMD3<Float>()
                            for (offset, weight) in tap.weights.enumerated() {
                                let at = picture + (y * width + tap.first + offset) * 3
                                sums += weight * SIMD3(pixels[at], pixels[at + 1], pixels[at + 2])
                            }
                            for channel in 0..<3 { narrow[(y * newWidth + x) * 3 + channel] = sums[channel] }
                        }
                    }
                    for (y, tap) in rows.taps.enumerated() {
                        let row = (sample * newHeight + y) * newWidth * 3
                        for (offset, weight) in tap.weights.enumerated() {
                            let from = (tap.first + offset) * newWidth * 3
                            for index in 0..<newWidth * 3 { out[row + index] += weight * narrow[from + index] }
                        }
                    }
                }
            }
        }
    }

    /// The gradient at the old pixels, from that at the new ones.
    func transposed(_ gradient: Tensor) -> Tensor {
        let (samples, newHeight, newWidth) = (gradient.shape[0], rows.taps.count, columns.taps.count)
        return Tensor(uninitialized: [samples, height, width, 3]) { out in
            out.update(repeating: 0)
            gradient.withUnsafeBuffer { gradient in
                for sample in 0..<samples {
                    var narrow = [Float](repeating: 0, count: height * newWidth * 3)
                    for (y, tap) in rows.taps.enumerated() {
                        let row = (sample * newHeight + y) * newWidth * 3
                        for (offset, weight) in tap.weights.enumerated() {
                            let to = (tap.first + offset) * newWidth * 3
                            for index in 0..<newWidth * 3 { narrow[to + index] += weight * gradient[row + index] }
                        }
                    }
                    let picture = sample * height * width * 3
                    for y in 0..<height {
                        for (x, tap) in columns.taps.enumerated() {
                            for (offset, weight) in tap.weights.enumerated() {
                                for channel in 0..<3 {
                                    out[picture + (y * width + tap.first + offset) * 3 + channel] +=
                                        weight * narrow[(y * newWidth + x) * 3 + channel]
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
