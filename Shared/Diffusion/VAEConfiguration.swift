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
    /// Whether a 1×1 convolution follows the encoder.
    public var usesQuantConvolution = true
    /// Whether a 1×1 convolution precedes the decoder.
    public var usesPostQuantConvolution = true
    /// Whether the middle blocks have attention.
    public var hasMiddleAttention = true

    enum CodingKeys: String, CodingKey, CaseIterable {
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
        case usesQuantConvolution = "use_quant_conv"
        case usesPostQuantConvolution = "use_post_quant_conv"
        case hasMiddleAttention = "mid_block_add_attention"
    }

    /// The only types of blocks that ``VAE`` has, one for each level.
    private static let blockTypes: [(key: CodingKeys, type: String)] = [
        (.downBlockTypes, "DownEncoderBlock2D"), (.upBlockTypes, "UpDecoderBlock2D"),
    ]

    public init() {}

    public init(from decoder: any Decoder) throws {
        let options = try OptionContainer<CodingKeys>(decoder)
        // What diffusers assumes where nothing is said.
        (blockOutChannels, layersPerBlock, sampleSize) = ([64], 1, 32)
        try options.read(.inChannels, &inChannels)
        try options.read(.outChannels, &outChannels)
        try options.read(.latentChannels, &latentChannels)
        try options.read(.blockOutChannels, &blockOutChannels)
        try options.read(.layersPerBlock, &layersPerBlock)
        try options.read(.normGroups, &normGroups)
        try options.read(.sampleSize, &sampleSize)
        try options.read(.scalingFactor, &scalingFactor)
        try options.read(.usesQuantConvolution, &usesQuantConvolution)
        try options.read(.usesPostQuantConvolution, &usesPostQuantConvolution)
        try options.read(.hasMiddleAttention, &hasMiddleAttention)
        guard !blockOutChannels.isEmpty, blockOutChannels.allSatisfy({ $0 > 0 }) else {
            throw ConfigurationError(
                key: "block_out_channels", reason: "at least one level of positive width is needed")
        }
        for (key, supported) in Self.blockTypes {
            var types = blockOutChannels.map { _ in supported }
            try options.read(key, &types)
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
        try keys.encode(usesQuantConvolution, forKey: .usesQuantConvolution)
        try keys.encode(usesPostQuantConvolution, forKey: .usesPostQuantConvolution)
        try keys.encode(hasMiddleAttention, forKey: .hasMiddleAttention)
        for (key, type) in Self.blockTypes {
            try keys.encode(blockOutChannels.map { _ in type }, forKey: key)
        }
    }

    /// Picture pixels per latent pixel, along one side.
    public var downsampling: Int { 1 << (blockOutChannels.count - 1) }

    /// Options of diffusers that this code does not have, with the values at which they change nothing.
    static let unsupported: [String: [JSONScalar]] = [
        "act_fn": [.string("silu")],
        "latents_mean": [.null],
        "latents_std": [.null],
        "shift_factor": [.null],
    ]

    /// What can be in the file.
    ///
    /// `force_upcast` asks for f32, in which this auto-encoder always computes.
    static let options = KnownOptions(
        CodingKeys.allCases.map(\.rawValue), unsupported: unsupported, idle: ["force_upcast"])
}
