import Foundation

extension CLIPTokenizer {
    /// Reads `vocab.json` and `merges.txt` or, where these are not, `tokenizer.json`; and, where they exist,
    /// `tokenizer_config.json` and `special_tokens_map.json`.
    ///
    /// - Throws: `CLIPTokenizerError` that names the file.
    public init(folder: String) throws(CLIPTokenizerError) {
        let whole = "\(folder)/tokenizer.json"
        let hasParts = FileManager.default.fileExists(atPath: "\(folder)/vocab.json")
        let (vocabulary, merges): ([String: Int], [(String, String)])
        if !hasParts, FileManager.default.fileExists(atPath: whole) {
            (vocabulary, merges) = try Self.readWhole(whole)
        } else {
            vocabulary = try Self.decode("\(folder)/vocab.json", "an object from token to number")
            merges = try Self.readMerges("\(folder)/merges.txt")
        }
        var configuration = FolderConfiguration()
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let path = "\(folder)/\(name)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            configuration.overlay(try Self.decode(path, "the configuration of a tokenizer"))
        }
        try self.init(
            vocabulary: vocabulary, merges: merges, special: configuration.special,
            maximumLength: configuration.maximumLength, path: folder)
    }

    private static func readMerges(_ path: String) throws(CLIPTokenizerError) -> [(String, String)] {
        guard let text = String(bytes: try read(path), encoding: .utf8) else {
            throw CLIPTokenizerError(path: path, reason: "it is not UTF-8")
        }
        var merges: [(String, String)] = []
        for (number, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let parts = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }.map { String($0) ?? "" }
            if parts.isEmpty || parts[0] == "#version:" { continue }
            guard parts.count == 2 else {
                throw CLIPTokenizerError(path: path, reason: "line \(number + 1) is not a pair of tokens")
            }
            merges.append((parts[0], parts[1]))
        }
        return merges
    }

    /// Reads the one file that transformers 5 writes, unless it holds another kind of tokenizer.
    private static func readWhole(
        _ path: String
    ) throws(CLIPTokenizerError) -> (vocabulary: [String: Int], merges: [(String, String)]) {
        let document: WholeTokenizer = try decode(path, "a tokenizer of byte pairs")
        guard document.model.type ?? "BPE" == "BPE", document.model.ending == CLIPTokenizerText.wordEnd else {
            throw CLIPTokenizerError(
                path: path,
                reason: "it is not CLIP's kind of tokenizer (BPE whose words end in \(CLIPTokenizerText.wordEnd))")
        }
        var vocabulary = document.model.vocab
        for token in document.added ?? [] { vocabulary[token.content] = token.id }
        return (vocabulary, document.model.merges.map { ($0.first, $0.second) })
    }

    private static func read(_ path: String) throws(CLIPTokenizerError) -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CLIPTokenizerError(path: path, reason: "it cannot be read")
        }
        return data
    }

    private static func decode<Value: Decodable>(_ path: String, _ what: String) throws(CLIPTokenizerError) -> Value {
        let data = try read(path)
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw CLIPTokenizerError(path: path, reason: "it is not \(what)")
        }
    }
}

/// `tokenizer.json`, as far as it concerns CLIP.
private struct WholeTokenizer: Decodable {
    struct Model: Decodable {
        let type: String?
        let ending: String?
        let vocab: [String: Int]
        let merges: [Pair]

        enum CodingKeys: String, CodingKey {
            case type, vocab, merges
            case ending = "end_of_word_suffix"
        }
    }

    /// Two tokens: a list, or text with a space between.
    struct Pair: Decodable {
        let first: String
        let second: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts =
                try (try? container.decode([String].self))
                ?? container.decode(String.self).split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a pair of tokens")
            }
            (first, second) = (parts[0], parts[1])
        }
    }

    struct Token: Decodable {
        let id: Int
        let content: String
    }

    let model: Model
    let added: [Token]?

    enum CodingKeys: String, CodingKey {
        case model
        case added = "added_tokens"
    }
}

/// What `tokenizer_config.json` and `special_tokens_map.json` have in common.
private struct FolderConfiguration: Decodable {
    /// A token: its text, or an object with `content`.
    struct Token: Decodable {
        let content: String

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                content = text
            } else {
                content = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .content)
            }
        }

        enum CodingKeys: CodingKey { case content }
    }

    var begin: Token?
    var end: Token?
    var unknown: Token?
    var padding: Token?
    var length: Double?

    init() {}

    enum CodingKeys: String, CodingKey {
        case begin = "bos_token"
        case end = "eos_token"
        case unknown = "unk_token"
        case padding = "pad_token"
        case length = "model_max_length"
    }

    mutating func overlay(_ other: Self) {
        begin = other.begin ?? begin
        end = other.end ?? end
        unknown = other.unknown ?? unknown
        padding = other.padding ?? padding
        length = other.length ?? length
    }

    var special: CLIPTokenizer.SpecialTokens {
        var special = CLIPTokenizer.SpecialTokens()
        special.begin = begin?.content ?? special.begin
        special.end = end?.content ?? special.end
        special.unknown = unknown?.content ?? special.unknown
        special.padding = padding?.content ?? special.padding
        return special
    }

    /// Transformers writes 1e30 for "no limit".
    var maximumLength: Int? {
        length.flatMap { (2...1_000_000).contains($0) ? Int($0) : nil }
    }
}
