/// The merges of a byte-pair encoding over token numbers, by priority.
struct CLIPTokenizerMerges: Sendable {
    private struct Pair: Hashable {
        let first: Int
        let second: Int
    }

    private struct Merge {
        let rank: Int
        let token: Int
    }

    private let merges: [Pair: Merge]

    init(
        _ pairs: [(String, String)], vocabulary: [String: Int], path: String
    ) throws(CLIPTokenizerError) {
        var merges = [Pair: Merge](minimumCapacity: pairs.count)
        for (rank, pair) in pairs.enumerated() {
            guard let first = vocabulary[pair.0], let second = vocabulary[pair.1],
                let token = vocabulary[pair.0 + pair.1]
            else {
                throw CLIPTokenizerError(
                    path: path,
                    reason: "merge \(rank + 1), '\(pair.0) \(pair.1)', names or makes a token the vocabulary lacks")
            }
            let key = Pair(first: first, second: second)
            if merges[key] == nil { merges[key] = Merge(rank: rank, token: token) }
        }
        self.merges = merges
    }

    /// Merges the symbols of one word, always the pair of highest priority first, until no merge applies.
    func apply(to word: [Int]) -> [Int] {
        var symbols = word
        while symbols.count > 1 {
            var best: (merge: Merge, pair: Pair)?
            for index in 1..<symbols.count {
                let pair = Pair(first: symbols[index - 1], second: symbols[index])
                if let merge = merges[pair], merge.rank < (best?.merge.rank ?? .max) { best = (merge, pair) }
            }
            guard let best else { break }
            var merged: [Int] = []
            var index = 0
            while index < symbols.count {
                let isPair =
                    index + 1 < symbols.count && symbols[index] == best.pair.first
                    && symbols[index + 1] == best.pair.second
                merged.append(isPair ? best.merge.token : symbols[index])
                index += isPair ? 2 : 1
            }
            symbols = merged
        }
        return symbols
    }
}
