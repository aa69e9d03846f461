import Encoders
import Foundation
import Testing

/// CLIP's tokenizer against transformers' (`Tests/Fixtures/tokenizer/make_tokenizer.py`).
struct TokenizerTests {
    struct Document: Decodable {
        let texts: [String]
        let ids: [[Int]]
        let idsPaddedByBang: [[Int]]
        let idsOfWords: [[Int]]?
    }

    static func path(_ name: String, from file: String = #filePath) -> String {
        let tests = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Fixtures/tokenizer/\(name)").path
    }

    static func document() throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path("tokenizer.json"))))
    }

    /// The words of a small world, as Menagerie has them.
    static let words = [
        "a", "an", "and", "the", "one", "two", "three", "four", "five", "red", "green", "blue", "colored", "rabbit",
        "rabbits",
        "wolf", "wolves", "cat", "cats", "dog", "dogs", "on", "in", "above", "below", "left", "right", "of", "to",
        "moon", "park",
        "grass", "circle", "circles", "square", "polar bear", "zebra", ".", ",", "7",
    ]

    @Test func encodesEveryTextAsTransformersDoes() throws {
        let document = try Self.document()
        let tokenizer = try CLIPTokenizer(folder: Self.path("small"))
        #expect(document.texts.count > 200)
        for (text, ids) in zip(document.texts, document.ids) {
            #expect(tokenizer.encode(text, length: 77) == ids, "\(text.debugDescription)")
        }
    }

    /// transformers 5 writes `tokenizer.json` only.
    @Test func readsTheWholeTokenizerAsItsParts() throws {
        let folder = URL(fileURLWithPath: Self.path("words")).deletingLastPathComponent().deletingLastPathComponent()
        let whole = try CLIPTokenizer(folder: folder.appendingPathComponent("pipelines/sdxl/tokenizer").path)
        let parts = try CLIPTokenizer(folder: Self.path("words"))
        #expect(whole.vocabulary == parts.vocabulary)
        #expect(whole.maximumLength == 16)
        let second = try CLIPTokenizer(folder: folder.appendingPathComponent("pipelines/sdxl/tokenizer_2").path)
        #expect(second.padding == second.vocabulary["!"] && whole.padding == whole.end)
        let texts = try Self.document().texts
        for text in texts { #expect(whole.encode(text) == parts.encode(text), "\(text)") }
    }

    @Test func takesThePaddingTokenFromTheConfiguration() throws {
        let document = try Self.document()
        try withFolder { folder in
            for name in ["vocab.json", "merges.txt"] {
                try FileManager.default.copyItem(atPath: "\(Self.path("small"))/\(name)", toPath: "\(folder)/\(name)")
            }
            let map = #"{"pad_token": "!", "eos_token": {"content": "<|endoftext|>", "lstrip": false}}"#
            try Data(map.utf8).write(to: URL(fileURLWithPath: "\(folder)/special_tokens_map.json"))
            try Data(#"{"model_max_length": 77}"#.utf8).write(
                to: URL(fileURLWithPath: "\(folder)/tokenizer_config.json"))
            let tokenizer = try CLIPTokenizer(folder: folder)
            #expect(tokenizer.maximumLength == 77)
            for (text, ids) in zip(document.texts, document.idsPaddedByBang) {
                #expect(tokenizer.encode(text, length: 20) == ids, "\(text.debugDescription)")
            }
        }
    }

    @Test func makesAFolderThatTransformersLoads() throws {
        let training = BytePairTraining(words: Self.words)
        let tokenizer = try CLIPTokenizer(vocabulary: training.vocabulary, merges: training.merges)
        for word in Self.words.flatMap({ $0.split(separator: " ") }) {
            #expect(tokenizer.encode(String(word)).count == 1, "\(word)")
        }
        // The committed folder is what training writes, and transformers' answers to it are in the fixture.
        let committed = Self.path("words")
        if ProcessInfo.processInfo.environment["ATELIER_WRITE_FIXTURES"] != nil {
            try training.write(to: committed, maximumLength: 16)
        }
        try withFolder { folder in
            try training.write(to: folder, maximumLength: 16)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let (new, old) = (FileManager.default.contents(atPath: "\(folder)/\(name)"), "\(committed)/\(name)")
                #expect(new != nil && new == FileManager.default.contents(atPath: old), "\(name)")
            }
        }
        let document = try Self.document()
        let read = try CLIPTokenizer(folder: committed)
        #expect(read.maximumLength == 16)
        for (text, ids) in zip(document.texts, try #require(document.idsOfWords)) {
            #expect(read.encode(text, length: 16) == ids, "\(text.debugDescription)")
        }
    }

    @Test func splitsAWordThatWasNotTrained() throws {
        let training = BytePairTraining(words: ["cat"])
        let tokenizer = try CLIPTokenizer(vocabulary: training.vocabulary, merges: training.merges)
        #expect(tokenizer.encode("cat").count == 1)
        #expect(tokenizer.encode("zoo").count == 3)
        #expect(training.tokens.count == 512 + training.merges.count + 2)
    }

    @Test(arguments: [
        ("vocab.json", "[]", "it is not an object from token to number"),
        ("vocab.json", "{\"a\": 1", "it is not an object from token to number"),
        ("merges.txt", "#version: 0.2\na b c\n", "line 2 is not a pair of tokens"),
        ("tokenizer_config.json", "7", "it is not the configuration of a tokenizer"),
    ]) func namesTheFileThatIsWrong(_ name: String, _ content: String, _ reason: String) throws {
        try withFolder { folder in
            try BytePairTraining(words: ["cat"]).write(to: folder, maximumLength: 16)
            try Data(content.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            let error = #expect(throws: CLIPTokenizerError.self) { try CLIPTokenizer(folder: folder) }
            #expect(error?.description == "\(folder)/\(name): \(reason)")
        }
    }

    @Test func namesTheTokenThatTheVocabularyLacks() throws {
        let error = #expect(throws: CLIPTokenizerError.self) {
            try CLIPTokenizer(vocabulary: ["<|startoftext|>": 0], merges: [])
        }
        #expect(error?.reason == "the vocabulary lacks the token '<|endoftext|>'")
        #expect(throws: CLIPTokenizerError.self) {
            try CLIPTokenizer(vocabulary: ["<|startoftext|>": 0, "<|endoftext|>": 1], merges: [("a", "b")])
        }
        #expect(throws: CLIPTokenizerError.self) { try CLIPTokenizer(folder: "/nonexistent") }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }
}
