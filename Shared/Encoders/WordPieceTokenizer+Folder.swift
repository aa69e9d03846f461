import Foundation

extension WordPieceTokenizer {
    /// Whether a folder holds a tokenizer of word pieces.
    static func isAt(_ folder: String) throws(EncoderError) -> Bool {
        if FileManager.default.fileExists(atPath: "\(folder)/vocab.txt") { return true }
        guard let whole: Whole = try? decode("\(folder)/tokenizer.json") else { return false }
        return whole.model.type == "WordPiece"
    }

    /// Reads `vocab.txt` or, where that is not, `tokenizer.json`; and `tokenizer_config.json`, where it exists.
    ///
    /// - Throws: ``EncoderError`` naming the file.
    public init(folder: String) throws(EncoderError) {
        var options = Options()
        let vocabulary: [String: Int]
        if FileManager.default.fileExists(atPath: "\(folder)/vocab.txt") {
            vocabulary = try Self.readLines("\(folder)/vocab.txt")
        } else {
            let whole: Whole = try Self.decode("\(folder)/tokenizer.json")
            guard whole.model.type == "WordPiece", whole.model.prefix ?? "##" == "##" else {
                throw EncoderError(
                    path: "\(folder)/tokenizer.json", reason: "it is no tokenizer of word pieces that go on with ##")
            }
            vocabulary = whole.model.vocab
            options.lowercases = whole.normalizer?.lowercase ?? true
            options.stripsAccents = whole.normalizer?.accents
            options.splitsChinese = whole.normalizer?.chinese ?? true
        }
        let path = "\(folder)/tokenizer_config.json"
        if FileManager.default.fileExists(atPath: path) {
            let file: Configuration = try Self.decode(path)
            options.lowercases = file.lowercases ?? options.lowercases
            options.stripsAccents = file.accents ?? options.stripsAccents
            options.splitsChinese = file.chinese ?? options.splitsChinese
            // Transformers writes 1e30 for "no limit".
            options.maximumLength = file.length.flatMap { (2...1_000_000).contains($0) ? Int($0) : nil }
        }
        try self.init(vocabulary: vocabulary, options: options, path: folder)
    }

    private static func readLines(_ path: String) throws(EncoderError) -> [String: Int] {
        guard let data = FileManager.default.contents(atPath: path), let text = String(bytes: data, encoding: .utf8)
        else { throw EncoderError(path: path, reason: "it cannot be read as UTF-8") }
        var vocabulary: [String: Int] = [:]
        // By bytes: to a String, "\r\n" is one character.
        for (number, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let token = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if !token.isEmpty { vocabulary[String(token) ?? ""] = number }
        }
        return vocabulary
    }

    private static func decode<Value: Decodable>(_ path: String) throws(EncoderError) -> Value {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw EncoderError(path: path, reason: "it cannot be read")
        }
        do { return try JSONDecoder().decode(Value.self, from: data) } catch {
            throw EncoderError(path: path, reason: "it is not the file of a tokenizer")
        }
    }

    /// `tokenizer.json`, as far as it concerns word pieces.
    private struct Whole: Decodable {
        struct Model: Decodable {
            let type: String?
            let prefix: String?
            let vocab: [String: Int]

            enum CodingKeys: String, CodingKey {
                case type, vocab
                case prefix = "continuing_subword_prefix"
            }
        }

        struct Normalizer: Decodable {
            let lowercase: Bool?
            let accents: Bool?
            let chinese: Bool?

            enum CodingKeys: String, CodingKey {
                case lowercase
                case accents = "strip_accents"
                case chinese = "handle_chinese_chars"
            }
        }

        let model: Model
        let normalizer: Normalizer?
    }

    private struct Configuration: Decodable {
        let lowercases: Bool?
        let accents: Bool?
        let chinese: Bool?
        let length: Double?

        enum CodingKeys: String, CodingKey {
            case lowercases = "do_lower_case"
            case accents = "strip_accents"
            case chinese = "tokenize_chinese_chars"
            case length = "model_max_length"
        }
    }
}
