internal import CKernels

/// Extents of one 2-d convolution over `[sample, height, width, channel]`, and the types of its numbers.
public struct ConvolutionShape: Hashable, Sendable {
    public var samples: Int
    public var height: Int
    public var width: Int
    public var inputs: Int
    public var outputs: Int
    public var kernel: Int
    public var stride: Int
    /// Zero rows above (and columns left of) the input.
    public var paddingBefore: Int
    /// Zero rows below (and columns right of) the input; differs from `paddingBefore` in the VAE's down-sampling.
    public var paddingAfter: Int
    public var hasBias: Bool
    /// Of the products; sums are f32.
    public var precision = ComputePrecision.f32
    /// Of the input as it is stored.
    public var input = ComputePrecision.f32
    /// Of the result as it is stored.
    public var output = ComputePrecision.f32
    /// Whether a tensor of the result's shape is added to the result.
    public var addsResidual = false

    public var outputHeight: Int { (height + paddingBefore + paddingAfter - kernel) / stride + 1 }
    public var outputWidth: Int { (width + paddingBefore + paddingAfter - kernel) / stride + 1 }

    /// Whether Winograd's algorithm F(4×4, 3×3), a quarter of the multiplications, is worth its larger weights.
    ///
    /// Its weights take 144 bytes for each pair of channels, whose kernel has 18 as bf16 or f16: they pay where a picture has
    /// many tiles of 4×4 to use them on, or where they are few. The choice does not depend on the number of samples, so that
    /// a sample's result differs between batches by rounding alone.
    var suitsWinograd: Bool {
        guard kernel == 3, stride == 1, paddingBefore == 1, paddingAfter == 1,
            inputs.isMultiple(of: 16), outputs.isMultiple(of: 16)
        else { return false }
        switch channelPairs {
        case ...(1 << 16): return tiles >= 4
        case ...(640 * 640): return tiles >= (precision == .f32 ? 16 : 64)
        default: return !keepsWinogradWeights
        }
    }

    /// Whether Winograd's weights are made once and kept; many tiles pay for making them at every call.
    var keepsWinogradWeights: Bool { channelPairs <= 1 << 16 || tiles < 256 }

    private var tiles: Int { ((height + 3) / 4) * ((width + 3) / 4) }
    private var channelPairs: Int { inputs * outputs }
}

extension ConvolutionShape {
    /// As a profile shows it.
    var description: String {
        "\(kernel)×\(kernel) \(inputs)→\(outputs) to \(samples)×\(outputHeight)×\(outputWidth)"
            + (precision == .bf16 ? " bf16" : "")
    }

    /// Two floating-point operations for each multiplication, by the definition and not by Winograd's algorithm.
    var operations: Double {
        2 * Double(samples * outputHeight * outputWidth) * Double(outputs * inputs * kernel * kernel)
    }

    /// Of input, weights and result.
    var byteCount: Int {
        4
            * (input.floats(samples * height * width * inputs) + precision.floats(inputs * outputs * kernel * kernel)
                + output.floats(samples * outputHeight * outputWidth * outputs))
    }
}

extension ConvolutionShape {
    /// As the kernels take a convolution, or the gradient at its input.
    func kernelExtents(_ direction: ConvolutionDirection) -> atelier_convolution {
        let fine = (height: height, width: width, channels: inputs)
        let coarse = (height: outputHeight, width: outputWidth, channels: outputs)
        let (read, written) = direction == .forward ? (fine, coarse) : (coarse, fine)
        return atelier_convolution(
            samples: Int64(samples), in_height: Int64(read.height), in_width: Int64(read.width),
            in_channels: Int64(read.channels), out_height: Int64(written.height), out_width: Int64(written.width),
            out_channels: Int64(written.channels), kernel: Int64(kernel), stride: Int64(stride),
            before: Int64(paddingBefore), gradient: direction == .backwardInput)
    }
}
