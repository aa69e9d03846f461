import Foundation

/// A CLIP vocabulary made for a list of words, each of which becomes a single token.
///
/// The merges are those of byte-pair encoding, the most frequent pair first, carried on until no word has a pair left. Any
/// other text can still be encoded, since every byte is a token too.
public struct BytePairTraining: Sendable {
    /// The tokens in order: bytes, bytes that end a word, merges, `<|startoftext|>`, `<|endoftext|>`.
    public let tokens: [String]
    /// The merges in order of priority.
    public let merges: [(String, String)]

    /// Trains on texts, which are normalised and split into words as the tokenizer does it.
    public init(words texts: [String]) {
        var words: [[String]] = []
        var seen: Set<String> = []
        for word in texts.flatMap(CLIPTokenizerText.words(of:)) where seen.insert(word).inserted {
            var symbols = word.utf8.map { CLIPTokenizerText.byteLetters[Int($0)] }
            symbols[symbols.count - 1] += CLIPTokenizerText.wordEnd
            words.append(symbols)
        }
        var merges: [(String, String)] = []
        while let pair = Self.mostFrequentPair(words) {
            merges.append((pair.first, pair.second))
            words = words.map { Self.merge(pair, in: $0) }
        }
        self.merges = merges
        let special = CLIPTokenizer.SpecialTokens()
        tokens =
            CLIPTokenizerText.vocabularyLetters
            + CLIPTokenizerText.vocabularyLetters.map { $0 + CLIPTokenizerText.wordEnd }
            + merges.map { $0.0 + $0.1 } + [special.begin, special.end]
    }

    /// The number of each token.
    public var vocabulary: [String: Int] {
        Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
    }

    /// Writes `vocab.json`, `merges.txt`, `special_tokens_map.json` and `tokenizer_config.json`, which transformers'
    /// `CLIPTokenizer` loads; the bytes depend on the words only.
    ///
    /// - Parameters:
    ///   - folder: a folder that exists.
    ///   - maximumLength: tokens of a sequence, both ends included.
    /// - Throws: `CLIPTokenizerError` that names the file which cannot be written.
    public func write(to folder: String, maximumLength: Int) throws(CLIPTokenizerError) {
        let special = CLIPTokenizer.SpecialTokens()
        let names = [
            "bos_token": special.begin, "eos_token": special.end, "pad_token": special.padding,
            "unk_token": special.unknown,
        ]
        let entries = tokens.enumerated().map { "\(Self.quoted($1)): \($0)" }
        let map = names.sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \(Self.quoted($0.value))" }
        let configuration =
            map + ["  \"model_max_length\": \(maximumLength)", "  \"tokenizer_class\": \"CLIPTokenizer\""]
        let files = [
            "vocab.json": "{\(entries.joined(separator: ", "))}",
            "merges.txt": (["#version: 0.2"] + merges.map { "\($0.0) \($0.1)" }).joined(separator: "\n"),
            "special_tokens_map.json": "{\n\(map.joined(separator: ",\n"))\n}",
            "tokenizer_config.json": "{\n\(configuration.joined(separator: ",\n"))\n}",
        ]
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            let path = "\(folder)/\(name)"
            do {
                try Data("\(text)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch {
                throw CLIPTokenizerError(path: path, reason: "it cannot be written: \(error.localizedDescription)")
            }
        }
    }

    private struct Pair: Hashable {
        let first: String
        let second: String
    }

    /// The most frequent pair; of several, the one that comes first in the words.
    private static func mostFrequentPair(_ words: [[String]]) -> Pair? {
        var (counts, order) = ([Pair: Int](), [Pair]())
        for word in words {
            for (first, second) in zip(word, word.dropFirst()) {
                let pair = Pair(first: first, second: second)
                if counts[pair] == nil { order.append(pair) }
                counts[pair, default: 0] += 1
            }
        }
        let highest = counts.values.max()
        return order.first { counts[$0] == highest }
    }

    private static func merge(_ pair: Pair, in word: [String]) -> [String] {
        var merged: [String] = []
        var index = 0
        while index < word.count {
            let isPair = index + 1 < word.count && word[index] == pair.first && word[index + 1] == pair.second
            merged.append(isPair ? pair.first + pair.second : word[index])
            index += isPair ? 2 : 1
        }
        return merged
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
