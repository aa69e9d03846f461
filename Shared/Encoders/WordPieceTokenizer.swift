import Foundation

/// BERT's tokenizer: words and punctuation, each cut into the longest pieces of the vocabulary.
///
/// Devlin et al., "BERT" (2019); the same tokens as transformers' `BertTokenizer` and `BertTokenizerFast`.
public struct WordPieceTokenizer: TextTokenizer {
    /// How texts are prepared.
    public struct Options: Hashable, Sendable {
        /// Whether letters are made small; accents are then dropped, unless `stripsAccents` says otherwise.
        public var lowercases = true
        public var stripsAccents: Bool?
        /// Whether each Chinese character is a word.
        public var splitsChinese = true
        public var maximumLength: Int?

        public init() {}
    }

    public let options: Options
    private let vocabulary: [String: Int]
    private let begin, end, unknown, padding: Int
    private let literals: [(text: [Unicode.Scalar], token: Int)]
    /// Longer words are unknown as a whole.
    private static let longestWord = 100

    public var maximumLength: Int? { options.maximumLength }

    /// - Parameters:
    ///   - vocabulary: the number of each piece; those that go on a word begin with `##`.
    ///   - options: how texts are prepared.
    ///   - path: where it was read, for errors.
    /// - Throws: ``EncoderError`` if a special token is missing.
    public init(vocabulary: [String: Int], options: Options = Options(), path: String) throws(EncoderError) {
        func number(_ token: String) throws(EncoderError) -> Int {
            guard let number = vocabulary[token] else {
                throw EncoderError(path: path, reason: "the vocabulary lacks the token '\(token)'")
            }
            return number
        }
        self.vocabulary = vocabulary
        self.options = options
        (begin, end) = (try number("[CLS]"), try number("[SEP]"))
        (unknown, padding) = (try number("[UNK]"), try number("[PAD]"))
        literals = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"].compactMap { text in
            vocabulary[text].map { (Array(text.unicodeScalars), $0) }
        }
    }

    public func encode(_ text: String, length: Int) -> [Int] {
        let tokens = encodeUnpadded(text, length: length)
        return tokens + [Int](repeating: padding, count: length - tokens.count)
    }

    public func encodeUnpadded(_ text: String, length: Int) -> [Int] {
        precondition(length >= 2, "a sequence of \(length) tokens has no room for its two ends")
        return [begin] + encode(text).prefix(length - 2) + [end]
    }

    /// The tokens of a text, without those that open, close and fill a sequence.
    public func encode(_ text: String) -> [Int] {
        var tokens: [Int] = []
        var rest = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        var position = 0
        while position < scalars.count {
            if let literal = literals.first(where: { scalars[position...].starts(with: $0.text) }) {
                tokens += words(of: String(rest)).flatMap(pieces)
                tokens.append(literal.token)
                rest = String.UnicodeScalarView()
                position += literal.text.count
            } else {
                rest.append(scalars[position])
                position += 1
            }
        }
        return tokens + words(of: String(rest)).flatMap(pieces)
    }

    /// The longest pieces from the left; the unknown token if some part of the word has none.
    private func pieces(of word: [Unicode.Scalar]) -> [Int] {
        guard word.count <= Self.longestWord else { return [unknown] }
        var tokens: [Int] = []
        var start = 0
        while start < word.count {
            let found = stride(from: word.count, to: start, by: -1).lazy.compactMap { end -> (Int, Int)? in
                var view = String.UnicodeScalarView()
                if start > 0 { view.append(contentsOf: "##".unicodeScalars) }
                view.append(contentsOf: word[start..<end])
                return vocabulary[String(view)].map { ($0, end) }
            }.first
            guard let (token, end) = found else { return [unknown] }
            tokens.append(token)
            start = end
        }
        return tokens
    }

    /// The words of a text, and its punctuation character by character.
    private func words(of text: String) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func close() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for scalar in prepared(text) {
            if scalar.properties.isWhitespace {
                close()
            } else if Self.isPunctuation(scalar) || (options.splitsChinese && Self.isChinese(scalar)) {
                close()
                words.append([scalar])
            } else {
                word.append(scalar)
            }
        }
        close()
        return words
    }

    private func prepared(_ text: String) -> [Unicode.Scalar] {
        var scalars = text.unicodeScalars.filter { $0.value != 0 && $0.value != 0xfffd && !Self.isControl($0) }
        if options.stripsAccents ?? options.lowercases {
            scalars = String(scalars).decomposedStringWithCanonicalMapping.unicodeScalars.filter {
                $0.properties.generalCategory != .nonspacingMark
            }
        }
        guard options.lowercases else { return Array(scalars) }
        return scalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isWhitespace { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .unassigned, .privateUse, .surrogate: return true
        default: return false
        }
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f, 0x2b740...0x2b81f,
            0x2b820...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
            return true
        default: return false
        }
    }
}
