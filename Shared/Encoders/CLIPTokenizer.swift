import Foundation

/// CLIP's tokenizer: lower-cased, byte-level byte-pair encoding whose words end in `</w>`.
///
/// Equal to `CLIPTokenizer` of transformers, whose files it reads. Radford et al., "Learning Transferable Visual Models
/// From Natural Language Supervision" (2021); byte pairs: Sennrich et al., "Neural Machine Translation of Rare Words with
/// Subword Units" (2016).
public struct CLIPTokenizer: Sendable {
    /// The names of the tokens with a meaning of their own.
    public struct SpecialTokens: Hashable, Sendable {
        /// Opens every sequence.
        public var begin = "<|startoftext|>"
        /// Closes every sequence.
        public var end = "<|endoftext|>"
        /// Stands for a character that the vocabulary lacks.
        public var unknown = "<|endoftext|>"
        /// Fills the sequence up to its length; Stable Diffusion 2's is `!`.
        public var padding = "<|endoftext|>"

        public init() {}
    }

    /// The number of each token.
    public let vocabulary: [String: Int]
    /// The number of the token that opens every sequence.
    public let begin: Int
    /// The number of the token that closes every sequence.
    public let end: Int
    /// The number of the token that fills a sequence up to its length.
    public let padding: Int
    /// The length of a sequence, as far as the folder says one.
    public let maximumLength: Int?
    private let unknown: Int
    private let merges: CLIPTokenizerMerges
    /// Tokens that are recognised in the text itself, longest first.
    private let literals: [(text: [Unicode.Scalar], token: Int)]

    /// A tokenizer of a vocabulary and its merges, in order of priority.
    ///
    /// - Throws: `CLIPTokenizerError` that names the token which the vocabulary lacks.
    public init(
        vocabulary: [String: Int], merges: [(String, String)], special: SpecialTokens = SpecialTokens(),
        maximumLength: Int? = nil, path: String = "tokenizer"
    ) throws(CLIPTokenizerError) {
        func number(_ token: String) throws(CLIPTokenizerError) -> Int {
            guard let number = vocabulary[token] else {
                throw CLIPTokenizerError(path: path, reason: "the vocabulary lacks the token '\(token)'")
            }
            return number
        }
        self.vocabulary = vocabulary
        self.maximumLength = maximumLength
        begin = try number(special.begin)
        end = try number(special.end)
        unknown = try number(special.unknown)
        padding = try number(special.padding)
        self.merges = try CLIPTokenizerMerges(merges, vocabulary: vocabulary, path: path)
        var literals: [(text: [Unicode.Scalar], token: Int)] = []
        for token in Set([special.begin, special.end, special.unknown, special.padding]) where !token.isEmpty {
            literals.append((Array(token.unicodeScalars), try number(token)))
        }
        self.literals = literals.sorted { ($0.text.count, $1.token) > ($1.text.count, $0.token) }
    }

    /// The tokens of a text, without those that open, close and fill a sequence.
    public func encode(_ text: String) -> [Int] { words(of: text).flatMap { $0 } }

    /// The tokens of each word of a text; punctuation and digits are words of their own.
    public func words(of text: String) -> [[Int]] {
        var words: [[Int]] = []
        var cache: [String: [Int]] = [:]
        for segment in segments(of: text) {
            switch segment {
            case .literal(let token): words.append([token])
            case .text(let text):
                for word in CLIPTokenizerText.words(of: text) {
                    let known = cache[word] ?? encode(word: word)
                    cache[word] = known
                    words.append(known)
                }
            }
        }
        return words
    }

    /// A sequence of exactly `length` tokens: begin, the text's tokens as far as they fit, end, padding.
    ///
    /// - Precondition: the length is at least 2.
    public func encode(_ text: String, length: Int) -> [Int] {
        let tokens = encodeUnpadded(text, length: length)
        return tokens + [Int](repeating: padding, count: length - tokens.count)
    }

    /// A sequence of at most `length` tokens: begin, the text's tokens as far as they fit, end.
    ///
    /// - Precondition: the length is at least 2.
    public func encodeUnpadded(_ text: String, length: Int) -> [Int] {
        precondition(length >= 2, "a sequence of \(length) tokens has no room for its two ends")
        return [begin] + encode(text).prefix(length - 2) + [end]
    }

    private enum Segment {
        case literal(Int)
        case text(String)
    }

    private func segments(of text: String) -> [Segment] {
        let scalars = Array(text.unicodeScalars)
        var segments: [Segment] = []
        var rest = String.UnicodeScalarView()
        var position = 0
        while position < scalars.count {
            if let literal = literals.first(where: { scalars[position...].starts(with: $0.text) }) {
                segments.append(.text(String(rest)))
                segments.append(.literal(literal.token))
                rest = String.UnicodeScalarView()
                position += literal.text.count
            } else {
                rest.append(scalars[position])
                position += 1
            }
        }
        return segments + [.text(String(rest))]
    }

    private func encode(word: String) -> [Int] {
        let letters = word.utf8.map { CLIPTokenizerText.byteLetters[Int($0)] }
        var symbols = letters.map { vocabulary[$0] }
        if let last = letters.last { symbols[symbols.count - 1] = vocabulary[last + CLIPTokenizerText.wordEnd] }
        return merges.apply(to: symbols.map { $0 ?? -1 }).map { $0 < 0 ? unknown : $0 }
    }
}

/// Why a tokenizer's files cannot be used: names the file or folder.
public struct CLIPTokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String

    public var description: String { "\(path): \(reason)" }
}
