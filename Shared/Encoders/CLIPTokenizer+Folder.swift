import Foundation

extension CLIPTokenizer {
    /// Reads `vocab.json` and `merges.txt` and, where they exist, `tokenizer_config.json` and `special_tokens_map.json`.
    ///
    /// - Throws: `CLIPTokenizerError` that names the file.
    public init(folder: String) throws(CLIPTokenizerError) {
        let vocabularyPath = "\(folder)/vocab.json"
        let vocabulary: [String: Int] = try Self.decode(vocabularyPath, "an object from token to number")
        let mergesPath = "\(folder)/merges.txt"
        guard let mergesText = String(bytes: try Self.read(mergesPath), encoding: .utf8) else {
            throw CLIPTokenizerError(path: mergesPath, reason: "it is not UTF-8")
        }
        var merges: [(String, String)] = []
        for (number, line) in mergesText.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let parts = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }.map { String($0) ?? "" }
            if parts.isEmpty || parts[0] == "#version:" { continue }
            guard parts.count == 2 else {
                throw CLIPTokenizerError(path: mergesPath, reason: "line \(number + 1) is not a pair of tokens")
            }
            merges.append((parts[0], parts[1]))
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
