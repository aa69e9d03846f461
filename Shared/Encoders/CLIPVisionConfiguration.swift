import TensorCore

/// The `config.json` of a CLIP picture encoder, in transformers' names.
public struct CLIPVisionConfiguration: Codable, Hashable, Sendable {
    public var hiddenSize = 768
    public var intermediateSize = 3072
    public var layers = 12
    public var heads = 12
    public var channels = 3
    public var imageSize = 224
    public var patchSize = 32
    public var layerNormEpsilon: Float = 1e-5
    public var activation = "quick_gelu"
    public var projectionSize = 512
    var modelType = "clip_vision_model"

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
        case projectionSize = "projection_dim"
        case modelType = "model_type"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.hiddenSize, &hiddenSize)
        try read(.intermediateSize, &intermediateSize)
        try read(.layers, &layers)
        try read(.heads, &heads)
        try read(.channels, &channels)
        try read(.imageSize, &imageSize)
        try read(.patchSize, &patchSize)
        try read(.layerNormEpsilon, &layerNormEpsilon)
        try read(.activation, &activation)
        try read(.projectionSize, &projectionSize)
        try read(.modelType, &modelType)
        guard modelType == "clip_vision_model" else {
            throw ConfigurationError(
                key: "model_type", reason: "'\(modelType)' is not supported here (clip_vision_model)")
        }
        try grid.check()
    }

    var grid: VisionTransformer.Grid {
        VisionTransformer.Grid(channels: channels, imageSize: imageSize, patchSize: patchSize)
    }
}
