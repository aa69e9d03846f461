import TensorCore

/// The `config.json` of a CLIP text encoder, in transformers' names.
public struct CLIPTextConfiguration: TransformerConfiguration {
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
    public var modelType = "clip_text_model"

    public init() {}

    public static let modelTypes = ["clip_text_model"]
    public static var options: [ConfigurationOption<Self>] {
        towerOptions + [
            .init("vocab_size", \.vocabularySize), .init("max_position_embeddings", \.maxPositions),
            .init("eos_token_id", \.endOfTextToken), .init("bos_token_id", \.beginOfTextToken),
            .init("projection_dim", \.projectionSize),
        ]
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
