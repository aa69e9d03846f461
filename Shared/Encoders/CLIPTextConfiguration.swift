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
    /// The width of the space shared with pictures, for an encoder with a projection.
    public var projectionSize = 512
    /// Whether the checkpoint has the projection; not in the file, since the weights say so.
    public var hasProjection = false
    var modelType = "clip_text_model"

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
        case projectionSize = "projection_dim"
        case modelType = "model_type"
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
        try read(.projectionSize, &projectionSize)
        try read(.modelType, &modelType)
        guard modelType == "clip_text_model" else {
            throw ConfigurationError(
                key: "model_type", reason: "'\(modelType)' is not supported here (clip_text_model)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(vocabularySize, forKey: .vocabularySize)
        try keys.encode(hiddenSize, forKey: .hiddenSize)
        try keys.encode(intermediateSize, forKey: .intermediateSize)
        try keys.encode(layers, forKey: .layers)
        try keys.encode(heads, forKey: .heads)
        try keys.encode(maxPositions, forKey: .maxPositions)
        try keys.encode(layerNormEpsilon, forKey: .layerNormEpsilon)
        try keys.encode(activation, forKey: .activation)
        try keys.encode(endOfTextToken, forKey: .endOfTextToken)
        try keys.encode(beginOfTextToken, forKey: .beginOfTextToken)
        try keys.encode(modelType, forKey: .modelType)
        guard hasProjection else { return }
        try keys.encode(projectionSize, forKey: .projectionSize)
    }
}

extension Activation {
    /// The non-linearity of a feed-forward layer by transformers' name of it.
    ///
    /// - Throws: ``ConfigurationError`` naming an activation that is not known.
    init(transformersName name: String) throws(ConfigurationError) {
        switch name {
        case "quick_gelu": self = .quickGELU
        case "gelu": self = .gelu
        case "swish", "silu": self = .silu
        case "relu": self = .relu
        default:
            throw ConfigurationError(
                key: "hidden_act", reason: "'\(name)' is not supported (quick_gelu, gelu, silu, relu)")
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
