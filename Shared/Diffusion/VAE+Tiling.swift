import Autograd
import TensorCore

extension VAE {
    /// Decodes in overlapping tiles whose seams are blended: less memory for large pictures, almost the same picture.
    ///
    /// As diffusers' `enable_tiling`: tiles overlap by a quarter, and each is decoded as a picture of its own, so that colours
    /// can differ a little from those of ``decode(_:)``.
    ///
    /// - Parameters:
    ///   - latents: `[sample, height, width, channel]`, not scaled.
    ///   - tile: the side of a tile in latent pixels, at least 4.
    /// - Returns: pixels; those of ``decode(_:)`` if the latents are no larger than a tile.
    public func decode(_ latents: Tensor, tile: Int) -> Tensor {
        precondition(tile >= 4, "a tile of \(tile) latent pixels has no quarter to overlap by")
        let (height, width) = (latents.shape[1], latents.shape[2])
        guard height > tile || width > tile else { return decode(Variable(latents)).value }
        let stride = tile * 3 / 4
        let blend = tile * configuration.downsampling / 4
        let kept = tile * configuration.downsampling - blend
        var above: [Tensor] = []
        var bands: [Tensor] = []
        for top in Swift.stride(from: 0, to: height, by: stride) {
            var row: [Tensor] = []
            var band: Tensor?
            for left in Swift.stride(from: 0, to: width, by: stride) {
                let part = latents.window(top, left, height: min(tile, height - top), width: min(tile, width - left))
                var pixels = decode(Variable(part)).value
                // Seams to the undecided tiles: the row's own order, above first.
                if !above.isEmpty { pixels = pixels.blended(under: above[row.count], blend) }
                if let last = row.last { pixels = pixels.blended(rightOf: last, blend) }
                row.append(pixels)
                let cropped = pixels.window(0, 0, height: min(kept, pixels.shape[1]), width: min(kept, pixels.shape[2]))
                band = band.map { $0.concatenatingColumns(cropped) } ?? cropped
            }
            if let band { bands.append(band) }
            above = row
        }
        return Tensor.concatenatingRows(bands)
            .cropped(height: height * configuration.downsampling, width: width * configuration.downsampling)
    }
}

extension Tensor {
    /// A rectangle of `[sample, row, column, channel]`.
    fileprivate func window(_ top: Int, _ left: Int, height: Int, width: Int) -> Tensor {
        let channels = shape[3]
        return withUnsafeBuffer { source in
            Tensor(uninitialized: [shape[0], height, width, channels]) { out in
                for sample in 0..<shape[0] {
                    for row in 0..<height {
                        let from = ((sample * shape[1] + top + row) * shape[2] + left) * channels
                        let to = (sample * height + row) * width * channels
                        for index in 0..<width * channels { out[to + index] = source[from + index] }
                    }
                }
            }
        }
    }

    /// `self` with its first rows faded in over the last rows of the tile above.
    fileprivate func blended(under above: Tensor, _ extent: Int) -> Tensor {
        let extent = min(extent, above.shape[1], shape[1])
        return fading(extent, over: above, rows: true)
    }

    /// `self` with its first columns faded in over the last columns of the tile before.
    fileprivate func blended(rightOf before: Tensor, _ extent: Int) -> Tensor {
        let extent = min(extent, before.shape[2], shape[2])
        return fading(extent, over: before, rows: false)
    }

    private func fading(_ extent: Int, over other: Tensor, rows: Bool) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        let (otherHeight, otherWidth) = (other.shape[1], other.shape[2])
        return withUnsafeBuffer { own in
            other.withUnsafeBuffer { other in
                Tensor(uninitialized: shape) { out in
                    for index in out.indices { out[index] = own[index] }
                    for sample in 0..<shape[0] {
                        for row in 0..<(rows ? extent : height) {
                            for column in 0..<(rows ? min(width, otherWidth) : extent) {
                                let weight = Float(rows ? row : column) / Float(extent)
                                let otherRow = rows ? otherHeight - extent + row : min(row, otherHeight - 1)
                                let otherColumn = rows ? column : otherWidth - extent + column
                                let at = ((sample * height + row) * width + column) * channels
                                let there = ((sample * otherHeight + otherRow) * otherWidth + otherColumn) * channels
                                for channel in 0..<channels {
                                    out[at + channel] =
                                        other[there + channel] * (1 - weight) + own[at + channel] * weight
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The columns of `self`, then those of another with as many rows.
    fileprivate func concatenatingColumns(_ other: Tensor) -> Tensor {
        // A row of pixels is a run of channels: columns of one row stand one after the other.
        let (samples, rows, channels) = (shape[0], shape[1], shape[3])
        let joined = reshaped([samples * rows, -1]).concatenatingChannels(other.reshaped([samples * rows, -1]))
        return joined.reshaped([samples, rows, -1, channels])
    }

    /// The rows of all parts, one below the other.
    fileprivate static func concatenatingRows(_ parts: [Tensor]) -> Tensor {
        guard var joined = parts.first else { return Tensor(zeros: [0, 0, 0, 0]) }
        let (samples, width, channels) = (joined.shape[0], joined.shape[2], joined.shape[3])
        joined = joined.reshaped([samples, -1])
        for part in parts.dropFirst() { joined = joined.concatenatingChannels(part.reshaped([samples, -1])) }
        return joined.reshaped([samples, -1, width, channels])
    }
}
