import Foundation
import TensorCore

/// The `config.json` of a CLIP text encoder, in transformers' names.
public struct CLIPTextConfiguration: Codable, Hashable, Sendable {
    public var vocabularySize = 49408
    public var hiddenSize = 768
    public var intermediateSize = 3072
    public var layers = 12
    public var heads = 12
    public var maxPositions = 77
    public var layerNormEpsilon: Float = 1e-5
    public var activation = "quick_gelu"
    public var endOfTextToken = 49407
    /// Not used by the tower; transformers wants it within the vocabulary.
    public var beginOfTextToken = 49406

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case maxPositions = "max_position_embeddings"
        case layerNormEpsilon = "layer_norm_eps"
        case activation = "hidden_act"
        case endOfTextToken = "eos_token_id"
        case beginOfTextToken = "bos_token_id"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.vocabularySize, &vocabularySize)
        try read(.hiddenSize, &hiddenSize)
        try read(.intermediateSize, &intermediateSize)
        try read(.layers, &layers)
        try read(.heads, &heads)
        try read(.maxPositions, &maxPositions)
        try read(.layerNormEpsilon, &layerNormEpsilon)
        try read(.activation, &activation)
        try read(.endOfTextToken, &endOfTextToken)
        try read(.beginOfTextToken, &beginOfTextToken)
    }

    /// The non-linearity of the feed-forward layers.
    ///
    /// - Throws: ``ConfigurationError`` naming an activation that is not known.
    func makeActivation() throws -> Activation {
        switch activation {
        case "quick_gelu": .quickGELU
        case "gelu": .gelu
        default:
            throw ConfigurationError(key: "hidden_act", reason: "'\(activation)' is not supported (quick_gelu, gelu)")
        }
    }
}

/// A model's configuration asks for something that this code cannot do.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let key: String
    public let reason: String

    public init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    public var description: String { "\(key): \(reason)" }
}
