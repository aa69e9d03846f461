import Autograd
import NeuralNet
import TensorCore

/// Two convolutions with a shortcut, conditioned on the timestep's embedding where there is one.
///
/// diffusers' `ResnetBlock2D`, after He et al. (2016).
final class ResNetBlock {
    private let norm1, norm2: GroupNorm
    private let conv1, conv2: Convolution
    private let timeProjection: Linear?
    private let shortcut: Linear?

    /// A block from `inputs` to `outputs` channels.
    ///
    /// `timeWidth` is the width of the timestep's embedding; `nil` in a VAE, which has none.
    ///
    /// - Throws: ``ParameterError`` if the groups do not divide the channels, or the checkpoint does not fit.
    init(
        _ inputs: Int, _ outputs: Int, groups: Int, epsilon: Float, timeWidth: Int?, _ scope: ParameterScope
    ) throws {
        norm1 = try GroupNorm(inputs, groups: groups, epsilon: epsilon, scope["norm1"])
        conv1 = try Convolution(inputs, outputs, scope["conv1"])
        timeProjection = try timeWidth.map { try Linear($0, outputs, scope["time_emb_proj"]) }
        norm2 = try GroupNorm(outputs, groups: groups, epsilon: epsilon, scope["norm2"])
        conv2 = try Convolution(outputs, outputs, scope["conv2"], initial: .zeros)
        shortcut =
            inputs == outputs ? nil : try Linear(inputs, outputs, isConvolution: true, scope["conv_shortcut"])
    }

    /// Maps `[sample, height, width, in]` to as many pixels of `out` channels.
    ///
    /// `time` is the timestep's embedding after SiLU, `[sample, timeWidth]`.
    func callAsFunction(_ x: Variable, time: Variable? = nil) -> Variable {
        // One name: what is not needed any more is free before the next result is made.
        var hidden = conv1(norm1(x, silu: true))
        hidden = norm2(hidden, adding: time.flatMap { timeProjection?($0) }, silu: true)
        return conv2(hidden, adding: shortcut?(x) ?? x)
    }
}

/// Halves height and width by a convolution of stride 2.
final class Downsample {
    private let conv: Convolution

    /// A down-sampling whose `padding` is `(1, 1)` in a UNet and `(0, 1)` in a VAE's encoder.
    init(_ channels: Int, padding: (before: Int, after: Int), _ scope: ParameterScope) throws {
        conv = try Convolution(channels, channels, stride: 2, padding: padding, scope["downsamplers.0.conv"])
    }

    func callAsFunction(_ x: Variable) -> Variable { conv(x) }
}

/// Doubles height and width by repetition, then convolves.
final class Upsample {
    private let conv: Convolution

    init(_ channels: Int, _ scope: ParameterScope) throws {
        conv = try Convolution(channels, channels, scope["upsamplers.0.conv"])
    }

    func callAsFunction(_ x: Variable) -> Variable { conv(x.upsampled()) }

    /// To a given size: a side that did not halve evenly would come back one too long.
    func callAsFunction(_ x: Variable, height: Int, width: Int) -> Variable {
        conv(x.upsampled().cropped(height: height, width: width))
    }
}
