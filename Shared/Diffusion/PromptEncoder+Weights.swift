import Encoders
import TensorCore

/// A part of a prompt and how much of its meaning is wanted.
public struct WeightedSpan: Hashable, Sendable {
    /// The words, as they stand in the prompt.
    public var phrase: String
    /// 1 leaves the words as they are; more stresses them, less takes them back, 0 is as if they were not there.
    public var weight: Double

    public init(_ phrase: String, weight: Double) { (self.phrase, self.weight) = (phrase, weight) }
}

extension PromptEncoder {
    /// The states of a prompt some of whose phrases weigh more or less than the rest.
    ///
    /// Each token's state is led away from, or towards, that of the empty prompt at its place:
    /// `z'_j = z^∅_j + w_j (z_j - z^∅_j)`. Chae et al., "DiffExp" (2025), section 3; the form is that of compel.
    ///
    /// - Parameters:
    ///   - prompt: the text.
    ///   - spans: its phrases; of tokens in several of them, the weights multiply.
    /// - Returns: the states of one prompt. The pooled state is not weighted: it has no tokens.
    /// - Throws: ``ModelError`` naming a phrase that is not in the prompt's tokens.
    public func weighted(_ prompt: String, _ spans: [WeightedSpan]) throws(ModelError) -> TextStates {
        let states = self([prompt])
        guard spans.contains(where: { $0.weight != 1 }) else { return states }
        let empty = self([""])
        // Both encoders of SDXL may split words differently, but each state belongs to a place of its own sequence.
        var weights = [try tokenWeights(prompt, spans, first)]
        if let second { weights.append(try tokenWeights(prompt, spans, second)) }
        let widths = [first.encoder.configuration.hiddenSize, second?.encoder.configuration.hiddenSize ?? 0]
        let tokens = states.context.shape[1]
        let context = states.context.withUnsafeBuffer { text in
            empty.context.withUnsafeBuffer { none in
                Tensor(uninitialized: states.context.shape) { out in
                    let width = widths[0] + widths[1]
                    for token in 0..<tokens {
                        for channel in 0..<width {
                            let weight = Float(weights[channel < widths[0] ? 0 : 1][token])
                            let at = token * width + channel
                            out[at] = weight == 1 ? text[at] : none[at] + weight * (text[at] - none[at])
                        }
                    }
                }
            }
        }
        return TextStates(context: context, pooled: states.pooled)
    }

    /// One weight for each token of a tower's sequence.
    private func tokenWeights(
        _ prompt: String, _ spans: [WeightedSpan], _ tower: Tower
    ) throws(ModelError) -> [Double] {
        let sequence = tower.tokens([prompt])[0]
        let whole = tower.tokenizer.encode(prompt)
        var weights = [Double](repeating: 1, count: sequence.count)
        for span in spans {
            let phrase = tower.tokenizer.encode(span.phrase)
            let starts =
                phrase.isEmpty
                ? []
                : (0...max(whole.count - phrase.count, 0)).filter {
                    whole[$0...].starts(with: phrase)
                }
            guard !starts.isEmpty else {
                throw ModelError(path: "prompt '\(prompt)'", reason: "the phrase '\(span.phrase)' is not in it")
            }
            // The sequence begins with a token of its own; what is cut off has no weight.
            for start in starts {
                for token in start..<start + phrase.count where token + 1 < sequence.count - 1 {
                    weights[token + 1] *= span.weight
                }
            }
        }
        return weights
    }
}
