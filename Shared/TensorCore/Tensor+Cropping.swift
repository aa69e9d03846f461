extension Tensor {
    /// The first `height` rows and `width` columns of `[sample, row, column, channel]`.
    public func cropped(height: Int, width: Int) -> Tensor {
        precondition(
            shape.count == 4 && height <= shape[1] && width <= shape[2],
            "\(height)×\(width) out of a tensor of \(shape)")
        return resized(height: height, width: width)
    }

    /// As many rows and columns as asked for, those that are new being zero: the gradient of ``cropped(height:width:)``.
    public func paddedWithZeros(height: Int, width: Int) -> Tensor {
        precondition(
            shape.count == 4 && height >= shape[1] && width >= shape[2],
            "a tensor of \(shape) does not fit into \(height)×\(width)")
        return resized(height: height, width: width)
    }

    private func resized(height: Int, width: Int) -> Tensor {
        guard precision == .f32 else {
            return converted(to: .f32).resized(height: height, width: width).converted(to: precision)
        }
        let (samples, channels) = (shape[0], shape[3])
        let rows = min(height, shape[1])
        let count = min(width, shape[2]) * channels
        return withUnsafeBuffer { source in
            Tensor(uninitialized: [samples, height, width, channels]) { out in
                out.update(repeating: 0)
                for sample in 0..<samples {
                    for row in 0..<rows {
                        let from = (sample * shape[1] + row) * shape[2] * channels
                        let to = (sample * height + row) * width * channels
                        for index in 0..<count { out[to + index] = source[from + index] }
                    }
                }
            }
        }
    }
}
