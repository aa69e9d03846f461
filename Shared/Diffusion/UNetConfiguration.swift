import Encoders
import Foundation

/// The `config.json` of a UNet, in diffusers' names; an option that is not supported is refused by name.
public struct UNetConfiguration: Codable, Hashable, Sendable {
    public var inChannels = 4
    public var outChannels = 4
    public var sampleSize: Int? = 64
    public var blockOutChannels = [320, 640, 1280, 1280]
    public var layersPerBlock = 2
    public var downBlockTypes = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]
    public var upBlockTypes = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
    public var crossAttentionDimension = 768
    /// The number of heads of each level: diffusers' `attention_head_dim`, which is misnamed there.
    public var attentionHeads: PerLevel = .same(8)
    public var transformerLayersPerBlock: PerLevel = .same(1)
    public var normGroups = 32
    public var normEpsilon: Float = 1e-5
    public var usesLinearProjection = false
    public var additionEmbedType: String?
    public var additionTimeEmbedDimension: Int?
    public var projectionClassEmbeddingsInputDimension: Int?

    /// One number for all levels or one for each.
    public enum PerLevel: Codable, Hashable, Sendable {
        case same(Int)
        case each([Int])

        public subscript(level: Int) -> Int {
            switch self {
            case .same(let number): number
            case .each(let numbers): numbers[min(level, numbers.count - 1)]
            }
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .same(number)
            } else {
                self = .each(try container.decode([Int].self))
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .same(let number): try container.encode(number)
            case .each(let numbers): try container.encode(numbers)
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case sampleSize = "sample_size"
        case blockOutChannels = "block_out_channels"
        case layersPerBlock = "layers_per_block"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
        case crossAttentionDimension = "cross_attention_dim"
        case attentionHeads = "attention_head_dim"
        case transformerLayersPerBlock = "transformer_layers_per_block"
        case normGroups = "norm_num_groups"
        case normEpsilon = "norm_eps"
        case usesLinearProjection = "use_linear_projection"
        case additionEmbedType = "addition_embed_type"
        case additionTimeEmbedDimension = "addition_time_embed_dim"
        case projectionClassEmbeddingsInputDimension = "projection_class_embeddings_input_dim"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.inChannels, &inChannels)
        try read(.outChannels, &outChannels)
        try read(.sampleSize, &sampleSize)
        try read(.blockOutChannels, &blockOutChannels)
        try read(.layersPerBlock, &layersPerBlock)
        try read(.downBlockTypes, &downBlockTypes)
        try read(.upBlockTypes, &upBlockTypes)
        try read(.crossAttentionDimension, &crossAttentionDimension)
        try read(.attentionHeads, &attentionHeads)
        try read(.transformerLayersPerBlock, &transformerLayersPerBlock)
        try read(.normGroups, &normGroups)
        try read(.normEpsilon, &normEpsilon)
        try read(.usesLinearProjection, &usesLinearProjection)
        additionEmbedType = try keys.decodeIfPresent(String.self, forKey: .additionEmbedType)
        additionTimeEmbedDimension = try keys.decodeIfPresent(Int.self, forKey: .additionTimeEmbedDimension)
        projectionClassEmbeddingsInputDimension = try keys.decodeIfPresent(
            Int.self, forKey: .projectionClassEmbeddingsInputDimension)
        try validate()
    }

    private func validate() throws {
        guard downBlockTypes.count == blockOutChannels.count, upBlockTypes.count == blockOutChannels.count else {
            throw ConfigurationError(
                key: "down_block_types",
                reason: "\(downBlockTypes.count) down and \(upBlockTypes.count) up blocks for "
                    + "\(blockOutChannels.count) block_out_channels")
        }
        for type in downBlockTypes where !["CrossAttnDownBlock2D", "DownBlock2D"].contains(type) {
            throw ConfigurationError(key: "down_block_types", reason: "'\(type)' is not supported")
        }
        for type in upBlockTypes where !["CrossAttnUpBlock2D", "UpBlock2D"].contains(type) {
            throw ConfigurationError(key: "up_block_types", reason: "'\(type)' is not supported")
        }
        if let additionEmbedType, additionEmbedType != "text_time" {
            throw ConfigurationError(key: "addition_embed_type", reason: "'\(additionEmbedType)' is not supported")
        }
    }

    /// Options of diffusers that this code does not have, with the values at which they change nothing.
    static let unsupported: [String: [JSONScalar]] = [
        "act_fn": [.string("silu"), .string("swish")],
        "resnet_time_scale_shift": [.string("default")],
        "time_embedding_type": [.string("positional")],
        "mid_block_type": [.string("UNetMidBlock2DCrossAttn")],
        "class_embed_type": [.null],
        "encoder_hid_dim": [.null],
        "encoder_hid_dim_type": [.null],
        "dual_cross_attention": [.bool(false)],
        "only_cross_attention": [.bool(false)],
        "mid_block_only_cross_attention": [.null, .bool(false)],
        "center_input_sample": [.bool(false)],
        "flip_sin_to_cos": [.bool(true)],
        "freq_shift": [.number(0)],
        "time_cond_proj_dim": [.null],
        "timestep_post_act": [.null],
        "time_embedding_act_fn": [.null],
        "num_class_embeds": [.null],
        "cross_attention_norm": [.null],
        "num_attention_heads": [.null],
        "conv_in_kernel": [.number(3)],
        "conv_out_kernel": [.number(3)],
        "downsample_padding": [.number(1)],
        "mid_block_scale_factor": [.number(1)],
        "attention_type": [.string("default")],
        "reverse_transformer_layers_per_block": [.null],
        "class_embeddings_concat": [.bool(false)],
        "resnet_skip_time_act": [.bool(false)],
        "dropout": [.number(0)],
    ]
}
