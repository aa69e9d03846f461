import Foundation

/// Turns texts into the token sequences of a text tower.
public protocol TextTokenizer: Sendable {
    /// The length that the tokenizer's files name, if they do.
    var maximumLength: Int? { get }

    /// A sequence of exactly `length` tokens: the token that opens it, the text's tokens as far as they fit, the one that ends
    /// it, padding.
    ///
    /// - Precondition: the length is at least 2.
    func encode(_ text: String, length: Int) -> [Int]

    /// A sequence of at most `length` tokens, without padding.
    ///
    /// - Precondition: the length is at least 2.
    func encodeUnpadded(_ text: String, length: Int) -> [Int]
}

extension CLIPTokenizer: TextTokenizer {}

/// The tokenizer of a folder: CLIP's byte pairs or BERT's word pieces, as its files say.
///
/// - Throws: `CLIPTokenizerError` or ``EncoderError`` naming the file.
public func makeTokenizer(folder: String) throws -> any TextTokenizer {
    if try WordPieceTokenizer.isAt(folder) { return try WordPieceTokenizer(folder: folder) }
    return try CLIPTokenizer(folder: folder)
}
