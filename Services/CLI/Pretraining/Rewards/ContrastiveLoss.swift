import Foundation
import TensorCore

/// CLIP's symmetric contrastive loss over a batch, with its gradients at both sides' embeddings.
///
/// With `L = scale · P̂ T̂ᵀ`, rows of length 1: the mean cross-entropy of picture `i` choosing text `i` among all texts, and of
/// text `i` choosing picture `i`, halved.
struct ContrastiveLoss {
    let value: Double
    let pictureGradient: Tensor
    let textGradient: Tensor

    /// - Precondition: both are `[pair, channel]`.
    init(_ pictures: Tensor, _ texts: Tensor, scale: Double) {
        precondition(pictures.shape == texts.shape, "embeddings \(pictures.shape) and \(texts.shape)")
        let (count, width) = (pictures.shape[0], pictures.shape[1])
        let (left, leftLengths) = Self.normalised(pictures)
        let (right, rightLengths) = Self.normalised(texts)
        let logits = (0..<count).map { row in
            (0..<count).map { column in
                scale * (0..<width).reduce(0) { $0 + left[row][$1] * right[column][$1] }
            }
        }
        let rows = logits.map(Self.softmax)
        let columns = (0..<count).map { column in Self.softmax(logits.map { $0[column] }) }
        value =
            (0..<count).reduce(0) { $0 - log(max(rows[$1][$1], 1e-300)) - log(max(columns[$1][$1], 1e-300)) }
            / Double(2 * count)
        let slopes = (0..<count).map { row in
            (0..<count).map { column in
                (rows[row][column] + columns[column][row] - (row == column ? 2 : 0)) * scale / Double(2 * count)
            }
        }
        func gradient(
            _ own: [[Double]], _ lengths: [Double], _ others: [[Double]], _ slope: (Int, Int) -> Double
        ) -> Tensor {
            let rows = own.indices.flatMap { row -> [Float] in
                var sum = [Double](repeating: 0, count: width)
                for other in others.indices {
                    let weight = slope(row, other)
                    for channel in 0..<width { sum[channel] += weight * others[other][channel] }
                }
                // Only what turns the vector counts: along itself its length is taken off.
                let along = (0..<width).reduce(0) { $0 + sum[$1] * own[row][$1] }
                return (0..<width).map { Float((sum[$0] - along * own[row][$0]) / lengths[row]) }
            }
            return Tensor(rows, shape: [own.count, width])
        }
        pictureGradient = gradient(left, leftLengths, right) { slopes[$0][$1] }
        textGradient = gradient(right, rightLengths, left) { slopes[$1][$0] }
    }

    private static func normalised(_ rows: Tensor) -> (rows: [[Double]], lengths: [Double]) {
        let (count, width) = (rows.shape[0], rows.shape[1])
        let scalars = rows.scalars.map(Double.init)
        let cut = (0..<count).map { Array(scalars[$0 * width..<($0 + 1) * width]) }
        let lengths = cut.map { max($0.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12) }
        return (zip(cut, lengths).map { row, length in row.map { $0 / length } }, lengths)
    }

    private static func softmax(_ row: [Double]) -> [Double] {
        let largest = row.max() ?? 0
        let exponents = row.map { exp($0 - largest) }
        let sum = exponents.reduce(0, +)
        return exponents.map { $0 / sum }
    }
}
