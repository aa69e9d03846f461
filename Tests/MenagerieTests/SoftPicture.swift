import Foundation
import Imaging

extension Picture {
    /// The picture through a Gaussian blur and with uniform noise: about what a small autoencoder leaves of it.
    ///
    /// - Parameters:
    ///   - sigma: the blur's standard deviation in pixels.
    ///   - noise: the noise's standard deviation, of 0...255.
    /// - Returns: a picture of the same size; the same noise for the same picture.
    func softened(sigma: Float, noise: Float) -> Picture {
        let reach = max(3, Int(2.5 * sigma))
        let kernel = (-reach...reach).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
        let weights = kernel.map { $0 / kernel.reduce(0, +) }
        var values = pixels.map(Float.init)
        for (dx, dy) in [(1, 0), (0, 1)] {
            var next = values
            for y in 0..<height {
                for x in 0..<width {
                    for channel in 0..<3 {
                        var sum: Float = 0
                        for step in -reach...reach {
                            let (nx, ny) = (
                                min(max(x + dx * step, 0), width - 1), min(max(y + dy * step, 0), height - 1)
                            )
                            sum += weights[step + reach] * values[(ny * width + nx) * 3 + channel]
                        }
                        next[(y * width + x) * 3 + channel] = sum
                    }
                }
            }
            values = next
        }
        var state: UInt32 = 1
        let bytes = values.map { value -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            let unit = Float(state >> 8) * 0x1p-24 - 0.5
            return UInt8(min(max(value + noise * Float(12).squareRoot() * unit + 0.5, 0), 255))
        }
        return Picture(width: width, height: height, pixels: bytes)
    }
}
