/// The affine map with the least squared error, and small weights.
struct RidgeRegression {
    let weights: [Double]
    let bias: Double

    /// - Parameters:
    ///   - rows: as many numbers in each.
    ///   - targets: one for each row.
    ///   - ridge: is added to the variances, as a part of their mean.
    init(_ rows: [[Double]], _ targets: [Double], ridge: Double) {
        let (count, width) = (Double(rows.count), rows.first?.count ?? 0)
        let means = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / count }
        let mean = targets.reduce(0, +) / count
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        var right = [Double](repeating: 0, count: width)
        for (row, target) in zip(rows, targets) {
            let centred = zip(row, means).map { $0 - $1 }
            for first in 0..<width {
                for second in 0...first { matrix[first][second] += centred[first] * centred[second] / count }
                right[first] += centred[first] * (target - mean) / count
            }
        }
        let variance = (0..<width).reduce(0) { $0 + matrix[$1][$1] } / Double(max(width, 1))
        for index in 0..<width { matrix[index][index] += ridge * variance }
        weights = Self.solve(matrix, right)
        bias = mean - zip(weights, means).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Solves `A x = b` for a symmetric positive definite matrix, of which the lower half is given, by Cholesky's factors.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (factor, x) = (matrix, right)
        for row in factor.indices {
            for column in 0...row {
                let sum = (0..<column).reduce(factor[row][column]) { $0 - factor[row][$1] * factor[column][$1] }
                factor[row][column] = row == column ? sum.squareRoot() : sum / factor[column][column]
            }
            x[row] = (0..<row).reduce(x[row]) { $0 - factor[row][$1] * x[$1] } / factor[row][row]
        }
        for row in factor.indices.reversed() {
            x[row] = (row + 1..<x.count).reduce(x[row]) { $0 - factor[$1][row] * x[$1] } / factor[row][row]
        }
        return x
    }
}
