import Foundation
import TensorCore

/// The operations of `Tensor` as their definitions say, element by element in Double.
enum Naive {
    /// Element by place, row-major.
    struct Values {
        let shape: [Int]
        var elements: [Double]

        init(_ tensor: Tensor) { (shape, elements) = (tensor.shape, tensor.scalars.map(Double.init)) }

        init(zeros shape: [Int]) {
            (self.shape, elements) = (shape, [Double](repeating: 0, count: shape.reduce(1, *)))
        }

        subscript(_ place: Int...) -> Double {
            get { elements[offset(place)] }
            set { elements[offset(place)] = newValue }
        }

        private func offset(_ place: [Int]) -> Int {
            zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }
        }
    }

    /// `a[m, k] · b[k, n]`, either read as its transpose.
    static func product(_ a: Tensor, _ b: Tensor, transposed: (a: Bool, b: Bool) = (false, false)) -> Values {
        let (a, b, ta, tb) = (Values(a), Values(b), transposed.a, transposed.b)
        let (rows, inner) = ta ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        var out = Values(zeros: [rows, tb ? b.shape[0] : b.shape[1]])
        for i in 0..<rows {
            for j in 0..<out.shape[1] {
                for k in 0..<inner { out[i, j] += (ta ? a[k, i] : a[i, k]) * (tb ? b[j, k] : b[k, j]) }
            }
        }
        return out
    }

    static func convolution(
        _ input: Tensor, weight: Tensor, bias: Tensor?, stride: Int, padding: (before: Int, after: Int)
    ) -> Values {
        let (x, w, b) = (Values(input), Values(weight), bias.map(Values.init))
        let (height, width, kernel) = (x.shape[1], x.shape[2], w.shape[2])
        func extent(_ side: Int) -> Int { (side + padding.before + padding.after - kernel) / stride + 1 }
        var out = Values(zeros: [x.shape[0], extent(height), extent(width), w.shape[0]])
        for s in 0..<out.shape[0] {
            for i in 0..<out.shape[1] {
                for j in 0..<out.shape[2] {
                    for o in 0..<out.shape[3] {
                        var sum = b?[o] ?? 0
                        for p in 0..<kernel {
                            for q in 0..<kernel {
                                let (row, column) = (i * stride + p - padding.before, j * stride + q - padding.before)
                                guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                                for c in 0..<x.shape[3] { sum += x[s, row, column, c] * w[o, c, p, q] }
                            }
                        }
                        out[s, i, j, o] = sum
                    }
                }
            }
        }
        return out
    }

    /// Over `[sample, place, channel]`.
    static func groupNorm(
        _ input: Tensor, groups: Int, epsilon: Double, weight: Tensor, bias: Tensor, silu: Bool
    ) -> Values {
        let (x, w, b) = (Values(input), Values(weight), Values(bias))
        let (places, width) = (x.shape[1], x.shape[2] / groups)
        var out = Values(zeros: x.shape)
        for s in 0..<x.shape[0] {
            for g in 0..<groups {
                let channels = g * width..<(g + 1) * width
                let values = (0..<places).flatMap { place in channels.map { x[s, place, $0] } }
                let mean = values.reduce(0, +) / Double(values.count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                for place in 0..<places {
                    for c in channels {
                        let normal = (x[s, place, c] - mean) / (variance + epsilon).squareRoot()
                        let y = normal * w[c] + b[c]
                        out[s, place, c] = silu ? y / (1 + exp(-y)) : y
                    }
                }
            }
        }
        return out
    }

    static func attention(
        _ queries: Tensor, keys: Tensor, values: Tensor, heads: Int, causal: Bool
    ) -> Values {
        let (q, k, v) = (Values(queries), Values(keys), Values(values))
        let width = q.shape[2] / heads
        var out = Values(zeros: q.shape)
        for s in 0..<q.shape[0] {
            for h in 0..<heads {
                let channels = h * width..<(h + 1) * width
                for i in 0..<q.shape[1] {
                    let seen = causal ? 0..<min(i + 1, k.shape[1]) : 0..<k.shape[1]
                    let weights = seen.map { j in
                        exp(channels.reduce(0) { $0 + q[s, i, $1] * k[s, j, $1] } / Double(width).squareRoot())
                    }
                    let total = weights.reduce(0, +)
                    for c in channels {
                        out[s, i, c] = zip(seen, weights).reduce(0) { $0 + $1.1 / total * v[s, $1.0, c] }
                    }
                }
            }
        }
        return out
    }
}
