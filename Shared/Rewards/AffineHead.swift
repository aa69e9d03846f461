import TensorCore

/// A chain of linear layers without anything between them, folded into one affine map to a number.
///
/// The heads of LAION's aesthetic predictor and of ImageReward are such chains (768→1024→128→64→16→1).
struct AffineHead: Sendable {
    let weight: [Float]
    let bias: Float

    /// Reads `PREFIX.N.weight` and `PREFIX.N.bias` in the order of N, and folds them in f64.
    ///
    /// - Throws: `RewardError` naming the file if there is no chain of such layers from `width` to one number.
    init(_ archive: SafeTensorsArchive, prefix: String, width: Int) throws {
        let numbers = archive.keys.compactMap { key -> Int? in
            guard key.hasPrefix(prefix + "."), key.hasSuffix(".weight") else { return nil }
            return Int(key.dropFirst(prefix.count + 1).dropLast(".weight".count))
        }.sorted()
        // Folded from the last layer to the first: a row vector times ever more matrices.
        var row: [Double] = [1]
        var sum = 0.0
        for number in numbers.reversed() {
            let matrix = try archive.tensor(named: "\(prefix).\(number).weight")
            guard matrix.shape.count == 2, matrix.shape[0] == row.count else {
                throw Self.refusal(archive, prefix, width, "layer \(number) has shape \(matrix.shape)")
            }
            let bias = try archive.tensor(named: "\(prefix).\(number).bias").scalars
            guard bias.count == row.count else { throw Self.refusal(archive, prefix, width, "a bias does not fit") }
            sum += zip(row, bias).reduce(0) { $0 + $1.0 * Double($1.1) }
            let (columns, scalars) = (matrix.shape[1], matrix.scalars)
            var next = [Double](repeating: 0, count: columns)
            for (index, factor) in row.enumerated() {
                for column in 0..<columns { next[column] += factor * Double(scalars[index * columns + column]) }
            }
            row = next
        }
        guard !numbers.isEmpty, row.count == width else {
            throw Self.refusal(archive, prefix, width, numbers.isEmpty ? "there is none" : "it takes \(row.count)")
        }
        weight = row.map(Float.init)
        bias = Float(sum)
    }

    private static func refusal(_ archive: SafeTensorsArchive, _ prefix: String, _ width: Int, _ why: String)
        -> RewardError
    {
        RewardError(
            code: .badModel,
            message:
                "\(archive.path): a chain of linear layers \(prefix).N from \(width) channels to one is needed; \(why)")
    }

    /// `weight · row + bias` of each row of `[row, channel]`.
    func callAsFunction(_ rows: Tensor) -> [Double] {
        rows.withUnsafeBuffer { buffer in
            (0..<rows.shape[0]).map { row in
                weight.indices.reduce(Double(bias)) {
                    $0 + Double(weight[$1]) * Double(buffer[row * weight.count + $1])
                }
            }
        }
    }
}
