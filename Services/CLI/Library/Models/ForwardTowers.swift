import Autograd
import Encoders
import Foundation
import ServiceRuntime
import TensorCore

/// The towers of reward models, by transformers' names of what goes in and comes out.
struct ForwardTowers {
    enum Tower: String, CaseIterable {
        case clipVision = "clip-vision"
        case clipText = "clip-text"
        case vit, dino, bert
        case blipVision = "blip-vision"
        case blipText = "blip-text"
        case alignVision = "align-vision"
        case alignText = "align-text"
    }

    let folder: TransformersFolder
    let file: TensorInputs
    let precision: ComputePrecision

    func callAsFunction(_ tower: Tower) throws -> [String: Tensor] {
        switch tower {
        case .clipVision:
            let encoder = try CLIPVisionEncoder(folder, precision: precision)
            let output = encoder(try pixels(encoder.configuration.channels, side: encoder.configuration.imageSize))
            return named([
                "last_hidden_state": output.lastHiddenState, "pooler_output": output.pooled,
                "image_embeds": output.imageEmbeddings,
            ])
        case .clipText:
            let encoder = try CLIPTextEncoder(folder, precision: precision)
            let (tokens, limit) = (encoder.configuration.vocabularySize, encoder.configuration.maxPositions)
            let output = encoder(try file.tokens("input_ids", vocabulary: tokens, maximumLength: limit))
            return named([
                "last_hidden_state": output.lastHiddenState, "pooler_output": output.pooled,
                "text_embeds": output.textEmbeddings,
            ])
        case .vit, .dino, .blipVision:
            let encoder = try ViTEncoder(folder, precision: precision)
            let output = encoder(try pixels(encoder.configuration.channels, side: encoder.configuration.imageSize))
            return named(["last_hidden_state": output.lastHiddenState, "pooler_output": output.pooled])
        case .bert, .alignText, .blipText: return try bert(BERTEncoder(folder, precision: precision))
        case .alignVision:
            let encoder = try EfficientNet(folder, precision: precision)
            let output = encoder(try pixels(encoder.configuration.channels, side: nil))
            return [
                "last_hidden_state": output.lastHiddenState.value.toNCHW(),
                "image_embeds": output.imageEmbeddings.value, "pooler_output": output.imageEmbeddings.value,
            ]
        }
    }

    private func bert(_ encoder: BERTEncoder) throws -> [String: Tensor] {
        let configuration = encoder.configuration
        var input = BERTEncoder.Input(
            try file.tokens(
                "input_ids", vocabulary: configuration.vocabularySize, maximumLength: configuration.maxPositions))
        let (samples, length) = (input.tokens.count, input.tokens[0].count)
        input.visible = try file.has("attention_mask") ? mask("attention_mask", samples, length) : nil
        if configuration.tokenTypes > 0, file.has("token_type_ids") {
            input.types = try file.tokens(
                "token_type_ids", vocabulary: configuration.tokenTypes, maximumLength: configuration.maxPositions)
        }
        var context: Variable?
        var visibleContext: [[Int]]?
        if let width = configuration.contextWidth, file.has("encoder_hidden_states") {
            let states = try file.tensor("encoder_hidden_states", shape: [samples, nil, width])
            context = Variable(states)
            visibleContext =
                try file.has("encoder_attention_mask")
                ? mask("encoder_attention_mask", samples, states.shape[1]) : nil
        }
        let output = encoder(input, context: context, visibleContext: visibleContext)
        return named([
            "last_hidden_state": output.lastHiddenState, "pooler_output": output.pooled,
            "text_embeds": output.textEmbeddings,
        ])
    }

    private func named(_ outputs: [String: Variable?]) -> [String: Tensor] { outputs.compactMapValues { $0?.value } }

    private func pixels(_ channels: Int, side: Int?) throws -> Variable {
        Variable(try file.tensor("pixel_values", shape: [nil, channels, side, side]).toNHWC())
    }

    /// Of each sample the places that a mask of ones and zeros shows.
    private func mask(_ key: String, _ samples: Int, _ length: Int) throws -> [[Int]] {
        try file.numbers(key, rows: samples, columns: length).enumerated().map { row, values in
            let seen = values.indices.filter { values[$0] != 0 }
            guard !seen.isEmpty else { throw ServiceError("\(file.path): tensor '\(key)': row \(row) shows nothing") }
            return seen
        }
    }
}
