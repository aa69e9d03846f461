import Autograd
import TensorCore

/// Whether large pictures are decoded in tiles.
public enum VAETiling: String, Codable, CaseIterable, Sendable {
    /// Above 1024×1024 pixels.
    case auto
    case on
    case off
}

extension VAEConfiguration {
    /// The side of a tile in latent pixels: the size that the auto-encoder was trained for.
    public var tileSide: Int { max((sampleSize ?? 512) / downsampling / 4, 1) * 4 }
}

extension VAE {
    /// Decodes in overlapping tiles whose seams are blended: less memory for large pictures, almost the same picture.
    ///
    /// As diffusers' `enable_tiling`: tiles overlap by a quarter, and each is decoded as a picture of its own, so that colours
    /// can differ a little from those of ``decode(_:)``.
    ///
    /// - Parameters:
    ///   - latents: `[sample, height, width, channel]`, not scaled.
    ///   - side: of a tile, in latent pixels.
    /// - Returns: pixels; those of ``decode(_:)`` if the latents are no larger than a tile.
    /// - Precondition: the side is a positive multiple of 4.
    public func decode(_ latents: Tensor, tile side: Int) -> Tensor {
        precondition(side > 0 && side.isMultiple(of: 4), "a tile of \(side) latent pixels has no quarter to overlap by")
        guard latents.shape[1] > side || latents.shape[2] > side else { return decode(Variable(latents)).value }
        return .concatenating((0..<latents.shape[0]).map { decodeInTiles(latents[rows: $0..<$0 + 1], side) })
    }

    private func decodeInTiles(_ latents: Tensor, _ side: Int) -> Tensor {
        let (height, width, factor) = (latents.shape[1], latents.shape[2], configuration.downsampling)
        let (step, seam) = (side * 3 / 4, side / 4 * factor)
        var picture = Tensor(zeros: [1, height * factor, width * factor, configuration.outChannels])
        var above: [Tensor] = []
        for top in stride(from: 0, to: height, by: step) {
            var row: [Tensor] = []
            for left in stride(from: 0, to: width, by: step) {
                let part = latents.window(
                    top, left, height: min(side, height - top), width: min(side, width - left))
                var pixels = decode(Variable(part)).value
                // A tile is blended with its neighbours as they were blended before it.
                if !above.isEmpty { pixels.fadeIn(below: above[row.count], over: seam) }
                if let before = row.last { pixels.fadeIn(rightOf: before, over: seam) }
                picture.paste(
                    pixels, top * factor, left * factor, height: min(step * factor, pixels.shape[1]),
                    width: min(step * factor, pixels.shape[2]))
                row.append(pixels)
            }
            above = row
        }
        return picture
    }
}

// Of one picture: `[1, row, column, channel]`.
extension Tensor {
    /// A rectangle.
    fileprivate func window(_ top: Int, _ left: Int, height: Int, width: Int) -> Tensor {
        var window = Tensor(zeros: [1, height, width, shape[3]])
        let run = width * shape[3]
        window.withUnsafeMutableBuffer { out in
            withUnsafeBuffer { own in
                for row in 0..<height {
                    let from = ((top + row) * shape[2] + left) * shape[3]
                    for index in 0..<run { out[row * run + index] = own[from + index] }
                }
            }
        }
        return window
    }

    /// Replaces a rectangle by the upper left part of another picture.
    fileprivate mutating func paste(_ other: Tensor, _ top: Int, _ left: Int, height: Int, width: Int) {
        let (columns, channels) = (shape[2], shape[3])
        withUnsafeMutableBuffer { own in
            other.withUnsafeBuffer { source in
                for row in 0..<height {
                    let to = ((top + row) * columns + left) * channels
                    let from = row * other.shape[2] * channels
                    for index in 0..<width * channels { own[to + index] = source[from + index] }
                }
            }
        }
    }

    /// Fades the first rows in over the last rows of the tile above.
    fileprivate mutating func fadeIn(below above: Tensor, over seam: Int) {
        let extent = min(seam, above.shape[1], shape[1])
        blend(rows: extent, columns: min(shape[2], above.shape[2]), with: above, above.shape[1] - extent, 0) { row, _ in
            Float(row) / Float(extent)
        }
    }

    /// Fades the first columns in over the last columns of the tile before.
    fileprivate mutating func fadeIn(rightOf before: Tensor, over seam: Int) {
        let extent = min(seam, before.shape[2], shape[2])
        blend(rows: min(shape[1], before.shape[1]), columns: extent, with: before, 0, before.shape[2] - extent) {
            Float($1) / Float(extent)
        }
    }

    /// Mixes the upper left part with another picture from `(top, left)` on; `weight` is that of `self`.
    private mutating func blend(
        rows: Int, columns: Int, with other: Tensor, _ top: Int, _ left: Int, weight: (Int, Int) -> Float
    ) {
        let (width, channels) = (shape[2], shape[3])
        withUnsafeMutableBuffer { own in
            other.withUnsafeBuffer { source in
                for row in 0..<rows {
                    for column in 0..<columns {
                        let (to, share) = ((row * width + column) * channels, weight(row, column))
                        let from = ((top + row) * other.shape[2] + left + column) * channels
                        for channel in 0..<channels {
                            own[to + channel] = source[from + channel] * (1 - share) + own[to + channel] * share
                        }
                    }
                }
            }
        }
    }
}
