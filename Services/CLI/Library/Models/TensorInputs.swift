import ServiceRuntime
import TensorCore

/// The tensors that a command reads: every mistake is one line that names the file and the key.
struct TensorInputs {
    let path: String
    private let archive: SafeTensorsArchive

    init(path: String) throws {
        self.path = path
        archive = try SafeTensorsArchive(path: path)
    }

    /// Whether there is such a tensor.
    func has(_ key: String) -> Bool { archive.shape(of: key) != nil }

    private func refusal(_ key: String, _ reason: String) -> ServiceError {
        ServiceError("\(path): tensor '\(key)': \(reason)")
    }

    /// A tensor of floating-point numbers; an extent that is `nil` may be any but zero.
    func tensor(_ key: String, shape: [Int?]) throws -> Tensor {
        let tensor = try archive.tensor(named: key)
        guard tensor.shape.count == shape.count,
            zip(tensor.shape, shape).allSatisfy({ $0.0 > 0 && ($0.1 == nil || $0.0 == $0.1) })
        else {
            let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw refusal(key, "has shape \(tensor.shape), [\(wanted)] is needed")
        }
        return tensor
    }

    /// Numbers of either kind: one for each of `count` samples, or one for all of them.
    func numbers(_ key: String, count: Int) throws -> [Float] {
        let (values, shape) = try numbers(key)
        guard values.count == 1 || (shape.count == 1 && values.count == count) else {
            throw refusal(key, "has shape \(shape); one number or \(count) are needed")
        }
        return values.count == count ? values : [Float](repeating: values[0], count: count)
    }

    /// A table of numbers of either kind.
    func numbers(_ key: String, rows: Int, columns: Int) throws -> [[Float]] {
        let (values, shape) = try numbers(key)
        guard shape == [rows, columns] else {
            throw refusal(key, "has shape \(shape), [\(rows), \(columns)] is needed")
        }
        return (0..<rows).map { Array(values[$0 * columns..<($0 + 1) * columns]) }
    }

    private func numbers(_ key: String) throws -> (values: [Float], shape: [Int]) {
        do {
            let tensor = try archive.tensor(named: key)
            return (tensor.scalars, tensor.shape)
        } catch {
            // Not a `where`: the compiler (6.3) crashes on one at a typed error.
            guard error.code == .unsupportedType else { throw error }
        }
        let (values, shape) = try archive.integers(named: key)
        return (values.map(Float.init), shape)
    }

    /// Token sequences `[sample, token]`.
    func tokens(_ key: String, vocabulary: Int, maximumLength: Int) throws -> [[Int]] {
        let (values, shape) = try archive.integers(named: key)
        guard shape.count == 2, shape[0] > 0, (1...maximumLength).contains(shape[1]) else {
            throw refusal(key, "has shape \(shape), [any, 1...\(maximumLength)] is needed")
        }
        if let stray = values.first(where: { !(0..<vocabulary).contains($0) }) {
            throw refusal(key, "\(stray) is no token; the vocabulary has \(vocabulary)")
        }
        return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }
}
