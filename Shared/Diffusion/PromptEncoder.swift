import Encoders
import TensorCore

/// The text encoders of a checkpoint with their tokenizers: from prompts to what the UNet attends to.
public struct PromptEncoder {
    /// A tokenizer and the encoder of its tokens.
    public struct Tower {
        public let tokenizer: CLIPTokenizer
        public let encoder: CLIPTextEncoder

        public init(tokenizer: CLIPTokenizer, encoder: CLIPTextEncoder) {
            (self.tokenizer, self.encoder) = (tokenizer, encoder)
        }

        /// The tokens of a sequence: as many as the encoder has positions, or fewer if the tokenizer says so.
        public var length: Int {
            min(tokenizer.maximumLength ?? encoder.configuration.maxPositions, encoder.configuration.maxPositions)
        }

        /// The tokens of prompts, each cut or padded to the same length.
        public func tokens(_ prompts: [String]) -> [[Int]] { prompts.map { tokenizer.encode($0, length: length) } }
    }

    public let first: Tower
    /// SDXL's second encoder, whose states stand beside the first one's.
    public let second: Tower?
    /// Whether the absence of a negative prompt is no text at all, not the empty text: SDXL's `force_zeros_for_empty_prompt`.
    public let hasZerosForNoPrompt: Bool

    public init(_ first: Tower, second: Tower? = nil, hasZerosForNoPrompt: Bool = false) {
        (self.first, self.second, self.hasZerosForNoPrompt) = (first, second, hasZerosForNoPrompt)
    }

    /// The states of prompts.
    ///
    /// One encoder gives its last states, after the final norm. Two give their penultimate ones, one beside the other, and the
    /// second also its projected state of the whole text (Podell et al., "SDXL", 2023, section 2.1).
    public func callAsFunction(_ prompts: [String]) -> TextStates {
        let output = first.encoder(first.tokens(prompts))
        guard let second else { return TextStates(context: output.lastHiddenState.value) }
        let other = second.encoder(second.tokens(prompts))
        return TextStates(
            context: output.penultimate.value.concatenatingChannels(other.penultimate.value),
            pooled: (other.textEmbeddings ?? other.pooled).value)
    }

    /// The states that guidance leads away from: of a negative prompt, or of none.
    public func unconditional(_ negativePrompt: String?) -> TextStates {
        let states = self([negativePrompt ?? ""])
        return negativePrompt == nil && hasZerosForNoPrompt ? states.zeros : states
    }
}
