import Foundation

/// What CLIP's tokenizer does to a text before byte pairs: normalise, split into words, write bytes as letters.
enum CLIPTokenizerText {
    /// Marks the last symbol of a word.
    static let wordEnd = "</w>"

    /// GPT-2's letter for each byte: printable Latin-1 stands for itself, the other bytes for U+0100 and on, in order.
    static let byteLetters: [String] = {
        var next: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            if isPrintable(byte) { return String(Unicode.Scalar(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next).map(String.init) ?? ""
        }
    }()

    /// The letters in the order of a CLIP vocabulary: first the bytes that stand for themselves.
    static let vocabularyLetters: [String] = {
        let bytes = Array(UInt8.min...UInt8.max)
        return (bytes.filter(isPrintable) + bytes.filter { !isPrintable($0) }).map { byteLetters[Int($0)] }
    }()

    /// The words of a text: composed (NFC), lower-cased, split by CLIP's pattern.
    ///
    /// The pattern is `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`; whatever it does not match (white space)
    /// only separates. Lower-casing goes scalar by scalar, without regard to context.
    static func words(of text: String) -> [String] {
        // Foundation leaves a Hangul syllable and its final consonant apart unless they are decomposed first.
        let composed = text.decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
        let scalars = composed.unicodeScalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
        var words: [String] = []
        var position = 0
        while position < scalars.count {
            let count = wordLength(scalars[position...])
            if count > 0 {
                words += pieces(scalars[position..<position + count]).map { piece in
                    var view = String.UnicodeScalarView()
                    view.append(contentsOf: piece)
                    return String(view)
                }
            }
            position += max(count, 1)
        }
        return words
    }

    private enum Kind {
        case space, letter, number, other
    }

    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }
    private static let specials = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

    private static func wordLength(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        guard let first = scalars.first else { return 0 }
        for literal in specials + contractions where scalars.starts(with: literal) { return literal.count }
        switch kind(first) {
        case .space: return 0
        case .number: return 1
        case let other: return scalars.prefix { kind($0) == other }.count
        }
    }

    /// A special token that was not recognised as one (upper case in the text) falls into three pieces.
    private static func pieces(_ word: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
        guard specials.contains(where: { word.elementsEqual($0) }) else { return [word] }
        return [word.prefix(2), word.dropFirst(2).dropLast(2), word.suffix(2)]
    }

    private static func kind(_ scalar: Unicode.Scalar) -> Kind {
        let properties = scalar.properties
        if properties.isWhitespace { return .space }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return .other
        }
    }

    private static func isPrintable(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) || (0xa1...0xac).contains(byte) || byte >= 0xae
    }
}
