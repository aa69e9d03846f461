/// The `config.json` of a CLIP picture encoder, in transformers' names.
public struct CLIPVisionConfiguration: PatchConfiguration {
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
    public var modelType = "clip_vision_model"

    public init() {}

    public static let modelTypes = ["clip_vision_model"]
    public static var options: [ConfigurationOption<Self>] {
        towerOptions + patchOptions + [.init("projection_dim", \.projectionSize)]
    }
}
