import Encoders

/// The `config.json` of an auto-encoder, in diffusers' names.
public struct VAEConfiguration: Codable, Hashable, Sendable {
    public var inChannels = 3
    public var outChannels = 3
    public var latentChannels = 4
    public var blockOutChannels = [128, 256, 512, 512]
    public var layersPerBlock = 2
    public var normGroups = 32
    public var sampleSize: Int? = 512
    /// Latents are multiplied by this after encoding, so that their variance is about 1.
    public var scalingFactor = 0.18215

    enum CodingKeys: String, CodingKey {
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case latentChannels = "latent_channels"
        case blockOutChannels = "block_out_channels"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
        case layersPerBlock = "layers_per_block"
        case normGroups = "norm_num_groups"
        case sampleSize = "sample_size"
        case scalingFactor = "scaling_factor"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.inChannels, &inChannels)
        try read(.outChannels, &outChannels)
        try read(.latentChannels, &latentChannels)
        try read(.blockOutChannels, &blockOutChannels)
        try read(.layersPerBlock, &layersPerBlock)
        try read(.normGroups, &normGroups)
        try read(.sampleSize, &sampleSize)
        try read(.scalingFactor, &scalingFactor)
        for (key, name) in [(CodingKeys.downBlockTypes, Self.downBlock), (.upBlockTypes, Self.upBlock)] {
            guard let types = try keys.decodeIfPresent([String].self, forKey: key) else { continue }
            guard types == [String](repeating: name, count: blockOutChannels.count) else {
                throw ConfigurationError(
                    key: key.rawValue, reason: "\(types) is not supported, only \(name) for each of block_out_channels")
            }
        }
    }

    private static let downBlock = "DownEncoderBlock2D"
    private static let upBlock = "UpDecoderBlock2D"

    /// Writes the types of the blocks too: without them diffusers makes an auto-encoder of one block.
    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(inChannels, forKey: .inChannels)
        try keys.encode(outChannels, forKey: .outChannels)
        try keys.encode(latentChannels, forKey: .latentChannels)
        try keys.encode(blockOutChannels, forKey: .blockOutChannels)
        try keys.encode([String](repeating: Self.downBlock, count: blockOutChannels.count), forKey: .downBlockTypes)
        try keys.encode([String](repeating: Self.upBlock, count: blockOutChannels.count), forKey: .upBlockTypes)
        try keys.encode(layersPerBlock, forKey: .layersPerBlock)
        try keys.encode(normGroups, forKey: .normGroups)
        try keys.encodeIfPresent(sampleSize, forKey: .sampleSize)
        try keys.encode(scalingFactor, forKey: .scalingFactor)
    }

    /// Picture pixels per latent pixel, along one side.
    public var downsampling: Int { 1 << (blockOutChannels.count - 1) }

    static let unsupported: [String: [JSONScalar]] = [
        "act_fn": [.string("silu")],
        "use_quant_conv": [.bool(true)],
        "use_post_quant_conv": [.bool(true)],
        "mid_block_add_attention": [.bool(true)],
        "latents_mean": [.null],
        "latents_std": [.null],
        "shift_factor": [.null],
    ]
}
