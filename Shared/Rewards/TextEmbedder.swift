import Autograd
import Encoders
import Foundation
import TensorCore

/// A text tower with its tokenizer and a memory of what it has encoded.
///
/// `@unchecked Sendable`: everything that changes is under the lock, and so are the passes of the tower.
final class TextEmbedder: @unchecked Sendable {
    private let tokenizer: any TextTokenizer
    private let tower: ([[Int]]) -> Variable
    private let limit: Int
    /// Whether prompts that do not fit are cut.
    private let truncates: Bool
    private let lock = NSLock()
    private var known: [String: [Float]] = [:]
    /// Prompts that are kept; beyond them the memory begins anew.
    private static let capacity = 16384
    private static let batch = 32

    /// - Parameters:
    ///   - tokenizer: of the tower.
    ///   - limit: the most tokens of a sequence.
    ///   - truncates: whether prompts that do not fit are cut.
    ///   - tower: from token sequences of one length to embeddings `[sequence, channel]`.
    init(
        _ tokenizer: any TextTokenizer, limit: Int, truncates: Bool, _ tower: @escaping ([[Int]]) -> Variable
    ) {
        (self.tokenizer, self.limit, self.truncates, self.tower) = (tokenizer, limit, truncates, tower)
    }

    /// What is wrong with a prompt, if anything is.
    func fault(_ prompt: String) -> String? {
        Self.fault(prompt, tokenizer, limit: limit, truncates: truncates)
    }

    static func fault(_ prompt: String, _ tokenizer: any TextTokenizer, limit: Int, truncates: Bool) -> String? {
        if prompt.allSatisfy(\.isWhitespace) { return "the prompt is empty" }
        guard !truncates else { return nil }
        let count = tokenizer.encodeUnpadded(prompt, length: limit + 1).count
        return count > limit ? "the prompt has more than the \(limit) tokens that fit; truncate=yes cuts it" : nil
    }

    /// The embeddings of prompts that are without fault, of length 1.
    func callAsFunction(_ prompts: Set<String>) -> [String: [Float]] {
        lock.withLock {
            if known.count > Self.capacity { known = [:] }
            let fresh = prompts.filter { known[$0] == nil }.sorted()
            // Sequences of one length go through the tower together, without padding.
            let byLength = Dictionary(grouping: fresh) { tokenizer.encodeUnpadded($0, length: limit).count }
            for (length, group) in byLength {
                for start in stride(from: 0, to: group.count, by: Self.batch) {
                    let part = Array(group[start..<min(start + Self.batch, group.count)])
                    let rows = tower(part.map { tokenizer.encodeUnpadded($0, length: length) }).value
                    let width = rows.shape[1]
                    let scalars = rows.scalars
                    for (row, prompt) in part.enumerated() {
                        known[prompt] = UnitVector.of(Array(scalars[row * width..<(row + 1) * width]))
                    }
                }
            }
            return Dictionary(uniqueKeysWithValues: prompts.compactMap { prompt in known[prompt].map { (prompt, $0) } })
        }
    }
}

/// Vectors of length 1.
enum UnitVector {
    static func of(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / max(length, 1e-12)) }
    }

    /// The cosine of a row of `embeddings [row, channel]` with a unit vector.
    static func cosine(_ embeddings: UnsafeBufferPointer<Float>, row: Int, _ unit: [Float]) -> Double {
        var (product, square) = (0.0, 0.0)
        for (channel, value) in unit.enumerated() {
            let element = Double(embeddings[row * unit.count + channel])
            product += element * Double(value)
            square += element * element
        }
        return product / max(square.squareRoot(), 1e-12)
    }

    /// Adds `weight` times the derivative of the cosine by the row.
    static func addCosineGradient(
        _ embeddings: UnsafeBufferPointer<Float>, row: Int, _ unit: [Float], weight: Double,
        to gradient: UnsafeMutableBufferPointer<Float>
    ) {
        let cosine = cosine(embeddings, row: row, unit)
        let square = unit.indices.reduce(0.0) {
            $0 + Double(embeddings[row * unit.count + $1]) * Double(embeddings[row * unit.count + $1])
        }
        let length = max(square.squareRoot(), 1e-12)
        for (channel, value) in unit.enumerated() {
            let at = row * unit.count + channel
            gradient[at] += Float(weight * (Double(value) - cosine * Double(embeddings[at]) / length) / length)
        }
    }
}
