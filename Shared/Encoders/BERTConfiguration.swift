import TensorCore

/// The `config.json` of a BERT, in transformers' names: `bert`, `align_text_model` and `blip_text_model`.
public struct BERTConfiguration: Decodable, Hashable, Sendable {
    public var vocabularySize = 30522
    public var hiddenSize = 768
    public var intermediateSize = 3072
    public var layers = 12
    public var heads = 12
    public var maxPositions = 512
    /// Kinds of token; BLIP's has none.
    public var tokenTypes = 2
    public var layerNormEpsilon: Float = 1e-12
    public var activation = "gelu"
    /// The width of what its cross-attention sees; `nil` for a tower of text alone.
    public var contextWidth: Int?
    var modelType = "bert"

    var tower: TransformerTower {
        get throws(ConfigurationError) {
            TransformerTower(
                width: hiddenSize, intermediateWidth: intermediateSize, layers: layers, heads: heads,
                epsilon: layerNormEpsilon, activation: try Activation(transformersName: activation))
        }
    }

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case maxPositions = "max_position_embeddings"
        case tokenTypes = "type_vocab_size"
        case layerNormEpsilon = "layer_norm_eps"
        case activation = "hidden_act"
        case contextWidth = "encoder_hidden_size"
        case modelType = "model_type"
        case hasCrossAttention = "add_cross_attention"
        case positions = "position_embedding_type"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.modelType, &modelType)
        guard ["bert", "align_text_model", "blip_text_model"].contains(modelType) else {
            throw ConfigurationError(
                key: "model_type",
                reason: "'\(modelType)' is not supported here (bert, align_text_model, blip_text_model)")
        }
        // transformers' defaults, where they differ.
        if modelType == "blip_text_model" { (vocabularySize, heads, tokenTypes) = (30524, 8, 0) }
        try read(.vocabularySize, &vocabularySize)
        try read(.hiddenSize, &hiddenSize)
        try read(.intermediateSize, &intermediateSize)
        try read(.layers, &layers)
        try read(.heads, &heads)
        try read(.maxPositions, &maxPositions)
        if modelType != "blip_text_model" { try read(.tokenTypes, &tokenTypes) }
        try read(.layerNormEpsilon, &layerNormEpsilon)
        try read(.activation, &activation)
        let hasCrossAttention = try keys.decodeIfPresent(Bool.self, forKey: .hasCrossAttention) ?? false
        if modelType == "blip_text_model" || hasCrossAttention {
            contextWidth = try keys.decodeIfPresent(Int.self, forKey: .contextWidth) ?? hiddenSize
        }
        let positions = try keys.decodeIfPresent(String.self, forKey: .positions) ?? "absolute"
        guard positions == "absolute" else {
            throw ConfigurationError(
                key: "position_embedding_type", reason: "'\(positions)' is not supported (absolute)")
        }
        try tower.check()
    }
}
