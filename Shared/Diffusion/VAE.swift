import Autograd
import NeuralNet
import TensorCore

/// The auto-encoder between pictures and latents: diffusers' `AutoencoderKL`.
///
/// Kingma & Welling, "Auto-Encoding Variational Bayes" (2014), in the shape of Rombach et al. (2022). The sides of a picture
/// are multiples of the configuration's `downsampling`.
public final class VAE {
    public let configuration: VAEConfiguration
    private let encoder: VAEEncoder
    private let decoder: VAEDecoder
    private let quant, postQuant: Linear?
    private let activations: ComputePrecision

    public init(_ configuration: VAEConfiguration, _ scope: ParameterScope) throws {
        self.configuration = configuration
        activations = scope.activations
        let channels = configuration.latentChannels
        encoder = try VAEEncoder(configuration, scope["encoder"])
        decoder = try VAEDecoder(configuration, scope["decoder"])
        quant =
            configuration.usesQuantConvolution
            ? try Linear(2 * channels, 2 * channels, isConvolution: true, scope["quant_conv"]) : nil
        postQuant =
            configuration.usesPostQuantConvolution
            ? try Linear(channels, channels, isConvolution: true, scope["post_quant_conv"]) : nil
    }

    /// The posterior of pixels in -1…1, `[sample, height, width, 3]`: mean and log-variance.
    ///
    /// Both are `[sample, height / downsampling, width / downsampling, latentChannels]`, not yet times `scalingFactor`.
    public func encode(_ pixels: Variable) -> (mean: Variable, logVariance: Variable) {
        let encoded = encoder(stored(pixels))
        let moments = quant?(encoded) ?? encoded
        return moments.splittingChannels(at: configuration.latentChannels)
    }

    /// Pixels, about -1…1, of latents `[sample, height, width, channel]` as the encoder gives them (not scaled).
    ///
    /// Each side of the result is `downsampling` times that of the latents.
    public func decode(_ latents: Variable) -> Variable { decoder(stored(postQuant?(latents) ?? latents)) }

    /// `x` as the network keeps its activations, unless a gradient is to come back.
    private func stored(_ x: Variable) -> Variable {
        x.requiresGradient ? x : Variable(x.value.converted(to: activations))
    }
}

/// Two ResNet blocks around self-attention over the pixels, where the configuration has that.
private final class VAEMiddle {
    private let first, second: ResNetBlock
    private let attention: (norm: GroupNorm, attention: Attention)?

    init(_ configuration: VAEConfiguration, _ width: Int, _ scope: ParameterScope) throws {
        let groups = configuration.normGroups
        func resnet(_ index: Int) throws -> ResNetBlock {
            try ResNetBlock(width, width, groups: groups, epsilon: 1e-6, timeWidth: nil, scope["resnets", index])
        }
        first = try resnet(0)
        attention =
            configuration.hasMiddleAttention
            ? (
                try GroupNorm(width, groups: groups, epsilon: 1e-6, scope["attentions.0.group_norm"]),
                try Attention(width, heads: 1, projectionBias: true, scope["attentions.0"])
            ) : nil
        second = try resnet(1)
    }

    func callAsFunction(_ x: Variable) -> Variable {
        let hidden = first(x)
        guard let (norm, attention) = attention else { return second(hidden) }
        let shape = hidden.shape
        let tokens = norm(hidden).reshaped([shape[0], shape[1] * shape[2], shape[3]])
        return second(attention(tokens, adding: hidden.reshaped(tokens.shape)).reshaped(shape))
    }
}

private final class VAEEncoder {
    private let convIn, convOut: Convolution
    private let levels: [(resnets: [ResNetBlock], downsample: Downsample?)]
    private let middle: VAEMiddle
    private let normOut: GroupNorm

    init(_ configuration: VAEConfiguration, _ scope: ParameterScope) throws {
        let (widths, groups) = (configuration.blockOutChannels, configuration.normGroups)
        convIn = try Convolution(configuration.inChannels, widths[0], scope["conv_in"])
        levels = try widths.indices.map { level in
            let block = scope["down_blocks", level]
            let resnets = try (0..<configuration.layersPerBlock).map { layer in
                try ResNetBlock(
                    layer == 0 ? widths[max(level - 1, 0)] : widths[level], widths[level], groups: groups,
                    epsilon: 1e-6, timeWidth: nil, block["resnets", layer])
            }
            let isLast = level == widths.count - 1
            return (resnets, isLast ? nil : try Downsample(widths[level], padding: (0, 1), block))
        }
        let last = widths[widths.count - 1]
        middle = try VAEMiddle(configuration, last, scope["mid_block"])
        normOut = try GroupNorm(last, groups: groups, epsilon: 1e-6, scope["conv_norm_out"])
        convOut = try Convolution(last, 2 * configuration.latentChannels, scope["conv_out"])
    }

    func callAsFunction(_ pixels: Variable) -> Variable {
        var hidden = convIn(pixels)
        for level in levels {
            for resnet in level.resnets { hidden = resnet(hidden) }
            if let downsample = level.downsample { hidden = downsample(hidden) }
        }
        return convOut(normOut(middle(hidden), silu: true), output: .f32)
    }
}

private final class VAEDecoder {
    private let convIn, convOut: Convolution
    private let levels: [(resnets: [ResNetBlock], upsample: Upsample?)]
    private let middle: VAEMiddle
    private let normOut: GroupNorm

    init(_ configuration: VAEConfiguration, _ scope: ParameterScope) throws {
        let (widths, groups) = (Array(configuration.blockOutChannels.reversed()), configuration.normGroups)
        convIn = try Convolution(configuration.latentChannels, widths[0], scope["conv_in"])
        middle = try VAEMiddle(configuration, widths[0], scope["mid_block"])
        levels = try widths.indices.map { level in
            let block = scope["up_blocks", level]
            let resnets = try (0...configuration.layersPerBlock).map { layer in
                try ResNetBlock(
                    layer == 0 ? widths[max(level - 1, 0)] : widths[level], widths[level], groups: groups,
                    epsilon: 1e-6, timeWidth: nil, block["resnets", layer])
            }
            let isLast = level == widths.count - 1
            return (resnets, isLast ? nil : try Upsample(widths[level], block))
        }
        let last = widths[widths.count - 1]
        normOut = try GroupNorm(last, groups: groups, epsilon: 1e-6, scope["conv_norm_out"])
        convOut = try Convolution(last, configuration.outChannels, scope["conv_out"])
    }

    func callAsFunction(_ latents: Variable) -> Variable {
        var hidden = middle(convIn(latents))
        for level in levels {
            for resnet in level.resnets { hidden = resnet(hidden) }
            if let upsample = level.upsample { hidden = upsample(hidden) }
        }
        return convOut(normOut(hidden, silu: true), output: .f32)
    }
}
