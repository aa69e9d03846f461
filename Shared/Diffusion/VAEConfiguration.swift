import Encoders

/// The `config.json` of an auto-encoder, in diffusers' names; an option that is not supported is refused by name.
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
        case layersPerBlock = "layers_per_block"
        case normGroups = "norm_num_groups"
        case sampleSize = "sample_size"
        case scalingFactor = "scaling_factor"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
    }

    /// The only types of blocks that ``VAE`` has, one for each level.
    private static let blockTypes: [(key: CodingKeys, type: String)] = [
        (.downBlockTypes, "DownEncoderBlock2D"), (.upBlockTypes, "UpDecoderBlock2D"),
    ]

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
        for (key, supported) in Self.blockTypes {
            guard let types = try keys.decodeIfPresent([String].self, forKey: key) else { continue }
            if let type = types.first(where: { $0 != supported }) {
                throw ConfigurationError(key: key.rawValue, reason: "'\(type)' is not supported (\(supported))")
            }
            guard types.count == blockOutChannels.count else {
                throw ConfigurationError(
                    key: key.rawValue,
                    reason: "\(types.count) blocks for \(blockOutChannels.count) block_out_channels")
            }
        }
    }

    /// Writes the types of blocks too: diffusers makes one level if they are missing.
    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(inChannels, forKey: .inChannels)
        try keys.encode(outChannels, forKey: .outChannels)
        try keys.encode(latentChannels, forKey: .latentChannels)
        try keys.encode(blockOutChannels, forKey: .blockOutChannels)
        try keys.encode(layersPerBlock, forKey: .layersPerBlock)
        try keys.encode(normGroups, forKey: .normGroups)
        try keys.encodeIfPresent(sampleSize, forKey: .sampleSize)
        try keys.encode(scalingFactor, forKey: .scalingFactor)
        for (key, type) in Self.blockTypes {
            try keys.encode(blockOutChannels.map { _ in type }, forKey: key)
        }
    }

    /// Picture pixels per latent pixel, along one side.
    public var downsampling: Int { 1 << (blockOutChannels.count - 1) }

    /// Options of diffusers that this code does not have, with the values at which they change nothing.
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
