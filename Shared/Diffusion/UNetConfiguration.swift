import Encoders
import Foundation

/// The `config.json` of a UNet, in diffusers' names; an option that is not supported is refused by name.
public struct UNetConfiguration: Codable, Hashable, Sendable {
    public var inChannels = 4
    public var outChannels = 4
    /// The size of the latents that the checkpoint was trained on; others are possible.
    public var sampleSize: SampleSize? = 64
    public var blockOutChannels = [320, 640, 1280, 1280]
    public var layersPerBlock = PerLevel.same(2)
    public var downBlockTypes = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]
    public var upBlockTypes = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
    public var crossAttentionDimension = PerLevel.same(768)
    /// The number of heads of each level: diffusers' `attention_head_dim`, which is misnamed there.
    public var attentionHeads = PerLevel.same(8)
    public var transformerLayersPerBlock = PerLevel.same(1)
    /// Whether "self"-attention, too, attends to the text, in the blocks that have attention; not in the middle one.
    public var onlyCrossAttention = PerLevel.same(false)
    public var normGroups = 32
    public var normEpsilon: Float = 1e-5
    public var usesLinearProjection = false
    public var additionEmbedType: String?
    public var additionTimeEmbedDimension: Int?
    public var projectionClassEmbeddingsInputDimension: Int?
    /// The width of the timestep's embedding; `nil` is four times the first level's.
    public var timeEmbeddingDimension: Int?
    /// Whether cosines come before sines in the timestep's embedding.
    public var flipsSineToCosine = true
    public var frequencyShift = 0.0
    /// Whether samples are mapped from 0…1 to -1…1 first.
    public var centersInputSample = false
    public var convInKernel = 3
    public var convOutKernel = 3

    enum CodingKeys: String, CodingKey, CaseIterable {
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
        case onlyCrossAttention = "only_cross_attention"
        case normGroups = "norm_num_groups"
        case normEpsilon = "norm_eps"
        case usesLinearProjection = "use_linear_projection"
        case additionEmbedType = "addition_embed_type"
        case additionTimeEmbedDimension = "addition_time_embed_dim"
        case projectionClassEmbeddingsInputDimension = "projection_class_embeddings_input_dim"
        case timeEmbeddingDimension = "time_embedding_dim"
        case flipsSineToCosine = "flip_sin_to_cos"
        case frequencyShift = "freq_shift"
        case centersInputSample = "center_input_sample"
        case convInKernel = "conv_in_kernel"
        case convOutKernel = "conv_out_kernel"
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let options = try OptionContainer<CodingKeys>(decoder)
        // What diffusers assumes where nothing is said; the other values above are its own as well.
        crossAttentionDimension = .same(1280)
        sampleSize = nil
        try options.read(.inChannels, &inChannels)
        try options.read(.outChannels, &outChannels)
        try options.read(.sampleSize, &sampleSize)
        try options.read(.blockOutChannels, &blockOutChannels)
        try options.read(.layersPerBlock, &layersPerBlock)
        try options.read(.downBlockTypes, &downBlockTypes)
        try options.read(.upBlockTypes, &upBlockTypes)
        try options.read(.crossAttentionDimension, &crossAttentionDimension)
        try options.read(.attentionHeads, &attentionHeads)
        try options.read(.transformerLayersPerBlock, &transformerLayersPerBlock)
        try options.read(.onlyCrossAttention, &onlyCrossAttention)
        try options.read(.normGroups, &normGroups)
        try options.read(.normEpsilon, &normEpsilon)
        try options.read(.usesLinearProjection, &usesLinearProjection)
        try options.read(.additionEmbedType, &additionEmbedType)
        try options.read(.additionTimeEmbedDimension, &additionTimeEmbedDimension)
        try options.read(.projectionClassEmbeddingsInputDimension, &projectionClassEmbeddingsInputDimension)
        try options.read(.timeEmbeddingDimension, &timeEmbeddingDimension)
        try options.read(.flipsSineToCosine, &flipsSineToCosine)
        try options.read(.frequencyShift, &frequencyShift)
        try options.read(.centersInputSample, &centersInputSample)
        try options.read(.convInKernel, &convInKernel)
        try options.read(.convOutKernel, &convOutKernel)
        try validate()
    }

    /// The width of the timestep's embedding.
    public var timeWidth: Int { timeEmbeddingDimension ?? 4 * blockOutChannels[0] }

    /// The one width of the text states; `nil` if the levels differ in it.
    public var contextWidth: Int? {
        let widths = Set(blockOutChannels.indices.map { crossAttentionDimension[$0] })
        return widths.count == 1 ? widths.first : nil
    }

    /// The channels of the pooled text that SDXL's embedding leaves beside six sizes; `nil` without such an embedding.
    public var pooledTextWidth: Int? {
        guard let inputs = projectionClassEmbeddingsInputDimension, let width = additionTimeEmbedDimension else {
            return nil
        }
        return inputs - 6 * width
    }

    private func validate() throws {
        func refuse(_ key: CodingKeys, _ reason: String) -> ConfigurationError {
            ConfigurationError(key: key.rawValue, reason: reason)
        }
        let levels = blockOutChannels.count
        guard levels > 0, blockOutChannels.allSatisfy({ $0 > 0 }) else {
            throw refuse(.blockOutChannels, "at least one level of positive width is needed, not \(blockOutChannels)")
        }
        guard downBlockTypes.count == levels, upBlockTypes.count == levels else {
            throw refuse(
                .downBlockTypes,
                "\(downBlockTypes.count) down and \(upBlockTypes.count) up blocks for \(levels) block_out_channels")
        }
        let counts: [(CodingKeys, Int?)] = [
            (.layersPerBlock, layersPerBlock.count), (.crossAttentionDimension, crossAttentionDimension.count),
            (.attentionHeads, attentionHeads.count), (.transformerLayersPerBlock, transformerLayersPerBlock.count),
            (.onlyCrossAttention, onlyCrossAttention.count),
        ]
        for (key, count) in counts {
            if let count, count != levels { throw refuse(key, "\(count) values for \(levels) block_out_channels") }
        }
        guard contextWidth != nil else {
            throw refuse(
                .crossAttentionDimension, "levels of different widths need an encoder_hid_dim, which is not supported")
        }
        for type in downBlockTypes where !["CrossAttnDownBlock2D", "DownBlock2D"].contains(type) {
            throw refuse(.downBlockTypes, "'\(type)' is not supported (CrossAttnDownBlock2D, DownBlock2D)")
        }
        for type in upBlockTypes where !["CrossAttnUpBlock2D", "UpBlock2D"].contains(type) {
            throw refuse(.upBlockTypes, "'\(type)' is not supported (CrossAttnUpBlock2D, UpBlock2D)")
        }
        if let additionEmbedType, additionEmbedType != "text_time" {
            throw refuse(.additionEmbedType, "'\(additionEmbedType)' is not supported (text_time)")
        }
        if additionEmbedType != nil, (pooledTextWidth ?? 0) <= 0 {
            throw refuse(
                .additionEmbedType,
                "'text_time' needs addition_time_embed_dim and more than six times as much in "
                    + "projection_class_embeddings_input_dim")
        }
        for (key, kernel) in [(CodingKeys.convInKernel, convInKernel), (.convOutKernel, convOutKernel)]
        where kernel < 1 || kernel.isMultiple(of: 2) {
            throw refuse(key, "\(kernel) is not an odd size")
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
        "time_cond_proj_dim": [.null],
        "timestep_post_act": [.null],
        "time_embedding_act_fn": [.null],
        "num_class_embeds": [.null],
        "cross_attention_norm": [.null],
        "num_attention_heads": [.null],
        "downsample_padding": [.number(1)],
        "mid_block_scale_factor": [.number(1)],
        "attention_type": [.string("default")],
        "reverse_transformer_layers_per_block": [.null],
        "class_embeddings_concat": [.bool(false)],
        "resnet_skip_time_act": [.bool(false)],
        "resnet_out_scale_factor": [.number(1)],
        "dropout": [.number(0)],
    ]

    /// Options that change nothing here, whatever their value.
    ///
    /// Attention weighs in f32 at every precision, as `upcast_attention` asks; the others belong to blocks and embeddings that
    /// are refused.
    static let idle: Set = ["upcast_attention", "mid_block_only_cross_attention", "addition_embed_type_num_heads"]

    /// What can be in the file.
    static let options = KnownOptions(
        CodingKeys.allCases.map(\.rawValue), unsupported: unsupported, idle: idle)
}
