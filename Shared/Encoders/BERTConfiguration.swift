/// The `config.json` of a BERT, in transformers' names: `bert`, `align_text_model` and `blip_text_model`.
public struct BERTConfiguration: TransformerConfiguration {
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
    private var hasCrossAttention = false
    private var positions = "absolute"
    public var modelType = "bert"

    public init() {}

    private var isBLIP: Bool { modelType == "blip_text_model" }

    public static let modelTypes = ["bert", "align_text_model", "blip_text_model"]
    public static var options: [ConfigurationOption<Self>] {
        towerOptions + [
            .init("vocab_size", \.vocabularySize), .init("max_position_embeddings", \.maxPositions),
            .init("type_vocab_size", \.tokenTypes), .init("encoder_hidden_size", \.contextWidth),
            .init("add_cross_attention", \.hasCrossAttention), .init("position_embedding_type", \.positions),
        ]
    }

    public mutating func applyDefaults() {
        if isBLIP { (vocabularySize, heads) = (30524, 8) }
    }

    public mutating func settle() throws(ConfigurationError) {
        if isBLIP { (tokenTypes, hasCrossAttention) = (0, true) }
        contextWidth = hasCrossAttention ? contextWidth ?? hiddenSize : nil
        guard positions == "absolute" else {
            throw ConfigurationError(
                key: "position_embedding_type", reason: "'\(positions)' is not supported (absolute)")
        }
        try tower.check()
    }
}
