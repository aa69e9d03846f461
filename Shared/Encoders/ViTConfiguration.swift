/// The `config.json` of a vision transformer without a text tower: transformers' `vit` (DINO's too) and `blip_vision_model`.
public struct ViTConfiguration: Decodable, Hashable, Sendable {
    public var hiddenSize = 768
    public var intermediateSize = 3072
    public var layers = 12
    public var heads = 12
    public var channels = 3
    public var imageSize = 224
    public var patchSize = 16
    public var layerNormEpsilon: Float = 1e-12
    public var activation = "gelu"
    var modelType = "vit"

    /// Whether it is BLIP's picture tower.
    var isBLIP: Bool { modelType == "blip_vision_model" }

    enum CodingKeys: String, CodingKey {
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case channels = "num_channels"
        case imageSize = "image_size"
        case patchSize = "patch_size"
        case layerNormEpsilon = "layer_norm_eps"
        case activation = "hidden_act"
        case modelType = "model_type"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.modelType, &modelType)
        guard modelType == "vit" || isBLIP else {
            throw ConfigurationError(
                key: "model_type", reason: "'\(modelType)' is not supported here (vit, blip_vision_model)")
        }
        // transformers' defaults, where they differ.
        if isBLIP { (imageSize, layerNormEpsilon) = (384, 1e-5) }
        try read(.hiddenSize, &hiddenSize)
        try read(.intermediateSize, &intermediateSize)
        try read(.layers, &layers)
        try read(.heads, &heads)
        try read(.channels, &channels)
        try read(.imageSize, &imageSize)
        try read(.patchSize, &patchSize)
        try read(.layerNormEpsilon, &layerNormEpsilon)
        try read(.activation, &activation)
        try grid.check()
    }

    var grid: VisionTransformer.Grid {
        VisionTransformer.Grid(channels: channels, imageSize: imageSize, patchSize: patchSize)
    }
}
