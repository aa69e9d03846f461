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
