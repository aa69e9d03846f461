/// The `config.json` of a vision transformer without a text tower: transformers' `vit` (DINO's too) and `blip_vision_model`.
public struct ViTConfiguration: PatchConfiguration {
    public var hiddenSize = 768
    public var intermediateSize = 3072
    public var layers = 12
    public var heads = 12
    public var channels = 3
    public var imageSize = 224
    public var patchSize = 16
    public var layerNormEpsilon: Float = 1e-12
    public var activation = "gelu"
    public var modelType = "vit"

    public init() {}

    /// Whether it is BLIP's picture tower.
    var isBLIP: Bool { modelType == "blip_vision_model" }

    public static let modelTypes = ["vit", "blip_vision_model"]
    public static var options: [ConfigurationOption<Self>] { towerOptions + patchOptions }

    public mutating func applyDefaults() {
        if isBLIP { (imageSize, layerNormEpsilon) = (384, 1e-5) }
    }
}
