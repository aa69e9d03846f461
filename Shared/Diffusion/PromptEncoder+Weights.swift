import Encoders
import TensorCore

/// Words of a prompt and how much of their meaning is wanted.
public struct WeightedPhrase: Codable, Hashable, Sendable {
    /// The words, as they stand in the prompt.
    public var phrase: String
    /// 1 leaves the words as they are; more stresses them, less takes them back, 0 is as if nothing stood there.
    public var weight: Double

    public init(_ phrase: String, weight: Double) { (self.phrase, self.weight) = (phrase, weight) }
}

extension PromptEncoder {
    /// The states of one prompt some of whose phrases weigh more or less than the rest.
    ///
    /// The state of each token of a phrase is led away from, or towards, that of the empty prompt at its place:
    /// `z'_j = z^∅_j + w_j (z_j - z^∅_j)`. Chae et al., "DiffExp" (2025), section 3; the form is that of the library compel for
    /// weights of 1 and more.
    ///
    /// - Parameters:
    ///   - prompt: the text.
    ///   - rows: the phrases of each row of the result. A phrase means every place where its words stand, and the weights
    ///     of a token in several phrases multiply.
    /// - Returns: as many states as there are rows. The pooled state has no tokens and is not weighted.
    /// - Throws: ``ModelError`` naming a phrase that is not in the prompt.
    public func weighted(_ prompt: String, _ rows: [[WeightedPhrase]]) throws(ModelError) -> TextStates {
        let states = self([prompt])
        let towers = [first] + (second.map { [$0] } ?? [])
        let text = split(states.context)
        let none = split(self([""]).context)
        var context: [Tensor] = []
        for phrases in rows {
            // The states of two encoders stand side by side, and each encoder splits words in its own way.
            let parts = try towers.enumerated().map { index, tower throws(ModelError) in
                let weights = try tower.weights(of: phrases, in: prompt)
                return text[index].combined(weights, none[index], weights.map { 1 - $0 })
            }
            let joined = parts.count == 2 ? parts[0].concatenatingChannels(parts[1]) : parts[0]
            context.append(joined.reshaped(states.context.shape))
        }
        return TextStates(
            context: .concatenating(context), pooled: states.pooled.map { $0.gathering(rows.map { _ in 0 }) })
    }

    /// The states of one prompt, `[token, channel]` of each encoder.
    private func split(_ context: Tensor) -> [Tensor] {
        let states = context.reshaped(Array(context.shape.dropFirst()))
        guard second != nil else { return [states] }
        let (first, second) = states.splittingChannels(at: first.encoder.configuration.hiddenSize)
        return [first, second]
    }
}

extension PromptEncoder.Tower {
    /// One weight for each token of a prompt's sequence: 1 for those of no phrase and for those that open, close and fill it.
    fileprivate func weights(of phrases: [WeightedPhrase], in prompt: String) throws(ModelError) -> [Float] {
        let words = tokenizer.words(of: prompt)
        // The sequence begins with a token of its own.
        var starts = [1]
        for word in words { starts.append(starts[starts.count - 1] + word.count) }
        var weights = [Float](repeating: 1, count: length)
        for phrase in phrases {
            let wanted = tokenizer.words(of: phrase.phrase)
            let places = words.indices.filter { !wanted.isEmpty && words[$0...].starts(with: wanted) }
            guard !places.isEmpty else {
                throw ModelError(path: "prompt '\(prompt)'", reason: "the words '\(phrase.phrase)' are not in it")
            }
            for place in places {
                // What does not fit into the sequence was cut off, and the last token ends it.
                for token in starts[place]..<starts[place + wanted.count] where token < length - 1 {
                    weights[token] *= Float(phrase.weight)
                }
            }
        }
        return weights
    }
}
