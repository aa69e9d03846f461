internal import CKernels

extension Tensor {
    /// `[…, a] ++ […, b]` along the innermost dimension.
    public func concatenatingChannels(_ other: Tensor) -> Tensor {
        precondition(shape.dropLast() == other.shape.dropLast(), "concatenatingChannels: \(shape) and \(other.shape)")
        precondition(precision == other.precision, "concatenatingChannels: \(precision) and \(other.precision)")
        let out = Tensor.output(shape.dropLast() + [channels + other.channels], precision)
        OperationProfile.measure("concatenation", out.extents, bytes: 2 * out.byteCount) {
            atelier_concatenate(
                precision.kernelType, bytes, other.bytes, out.bytes, Int64(rows), Int64(channels), Int64(other.channels)
            )
        }
        return out
    }

    /// The first `width` channels and the rest.
    public func splittingChannels(at width: Int) -> (Tensor, Tensor) {
        let first = Tensor.output(shape.dropLast() + [width])
        let second = Tensor.output(shape.dropLast() + [channels - width])
        atelier_split(
            pointer, first.pointer, second.pointer, Int64(rows), Int64(width), Int64(channels - width))
        return (first, second)
    }

    /// Nearest-neighbour enlargement by two of `[sample, height, width, channel]`.
    public func upsampled() -> Tensor {
        let out = Tensor.output([shape[0], 2 * shape[1], 2 * shape[2], shape[3]], precision)
        OperationProfile.measure("enlargement", extents, bytes: 5 * byteCount) {
            atelier_upsample(
                precision.kernelType, bytes, out.bytes, Int64(shape[0]), Int64(shape[1]), Int64(shape[2]),
                Int64(shape[3]))
        }
        return out
    }

    /// The gradient at the input of ``upsampled()``: sums over 2×2 pixels.
    public func upsampledGradient() -> Tensor {
        let out = Tensor.output([shape[0], shape[1] / 2, shape[2] / 2, shape[3]])
        atelier_upsample_backward(
            pointer, out.pointer, Int64(out.shape[0]), Int64(out.shape[1]), Int64(out.shape[2]), Int64(out.shape[3]))
        return out
    }

    /// `[n, h, w, c]` as `[n, c, h, w]`, the layout of PyTorch's files.
    public func toNCHW() -> Tensor {
        let out = Tensor.output([shape[0], shape[3], shape[1], shape[2]])
        atelier_transpose(pointer, out.pointer, Int64(shape[0]), Int64(shape[1] * shape[2]), Int64(shape[3]))
        return out
    }

    /// `[n, c, h, w]` as `[n, h, w, c]`.
    public func toNHWC() -> Tensor {
        let out = Tensor.output([shape[0], shape[2], shape[3], shape[1]])
        atelier_transpose(pointer, out.pointer, Int64(shape[0]), Int64(shape[1]), Int64(shape[2] * shape[3]))
        return out
    }

    /// Rows of a table `[entry, channel]` chosen by `indices`: `[index, channel]`.
    public func gathering(_ indices: [Int]) -> Tensor {
        let width = channels
        return Tensor(uninitialized: [indices.count, width]) { out in
            withUnsafeBuffer { table in
                for (row, index) in indices.enumerated() {
                    precondition(
                        index >= 0 && index < shape[0], "index \(index) outside a table of \(shape[0]) entries")
                    _ = out[(row * width)...].initialize(from: table[index * width..<(index + 1) * width])
                }
            }
        }
    }

    /// Adds row `i` of `rows` to row `indices[i]`: the gradient of ``gathering(_:)``.
    public mutating func scatterAdd(_ rows: Tensor, at indices: [Int]) {
        let width = channels
        withUnsafeMutableBuffer { table in
            rows.withUnsafeBuffer { rows in
                for (row, index) in indices.enumerated() {
                    for channel in 0..<width { table[index * width + channel] += rows[row * width + channel] }
                }
            }
        }
    }
}
