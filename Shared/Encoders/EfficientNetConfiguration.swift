/// The `config.json` of ALIGN's picture tower, in transformers' names (`align_vision_model`).
public struct EfficientNetConfiguration: TransformersConfiguration {
    public var channels = 3
    public var imageSize = 600
    public var widthCoefficient = 2.0
    public var depthCoefficient = 3.1
    public var depthDivisor = 8
    public var kernelSizes = [3, 3, 5, 3, 5, 5, 3]
    public var inChannels = [32, 16, 24, 40, 80, 112, 192]
    public var outChannels = [16, 24, 40, 80, 112, 192, 320]
    /// Blocks whose steps of two are padded evenly.
    public var depthwisePadding: [Int] = []
    public var strides = [1, 2, 2, 2, 1, 2, 1]
    public var blockRepeats = [1, 2, 2, 3, 3, 4, 1]
    public var expandRatios = [1, 6, 6, 6, 6, 6, 6]
    public var squeezeRatio = 0.25
    public var activation = "swish"
    public var batchNormEpsilon: Float = 0.001
    var poolingType = "mean"
    public var modelType = "align_vision_model"

    public init() {}

    public static let modelTypes = ["align_vision_model"]
    public static var options: [ConfigurationOption<Self>] {
        [
            .init("num_channels", \.channels), .init("image_size", \.imageSize),
            .init("width_coefficient", \.widthCoefficient), .init("depth_coefficient", \.depthCoefficient),
            .init("depth_divisor", \.depthDivisor), .init("kernel_sizes", \.kernelSizes),
            .init("in_channels", \.inChannels), .init("out_channels", \.outChannels),
            .init("depthwise_padding", \.depthwisePadding), .init("strides", \.strides),
            .init("num_block_repeats", \.blockRepeats), .init("expand_ratios", \.expandRatios),
            .init("squeeze_expansion_ratio", \.squeezeRatio), .init("hidden_act", \.activation),
            .init("batch_norm_eps", \.batchNormEpsilon), .init("pooling_type", \.poolingType),
        ]
    }

    public mutating func settle() throws(ConfigurationError) {
        guard poolingType == "mean" else {
            throw ConfigurationError(key: "pooling_type", reason: "'\(poolingType)' is not supported (mean)")
        }
        let stages = [kernelSizes, outChannels, strides, blockRepeats, expandRatios].map(\.count)
        guard depthDivisor > 0, stages.allSatisfy({ $0 == inChannels.count }) else {
            throw ConfigurationError(key: "in_channels", reason: "the lists of stages differ in length")
        }
        guard strides.allSatisfy({ (1...2).contains($0) }) else {
            throw ConfigurationError(key: "strides", reason: "\(strides): 1 and 2 are supported")
        }
    }

    /// One block of the network.
    struct Block {
        var inputs, outputs, kernel, stride, expansion: Int
        /// Zero rows ahead of the picture.
        var paddingBefore: Int
        var hasSkip: Bool
    }

    /// All blocks in their order.
    var blocks: [Block] {
        var blocks: [Block] = []
        for stage in inChannels.indices {
            let repeats = Int((depthCoefficient * Double(blockRepeats[stage])).rounded(.up))
            let (inputs, outputs) = (rounded(inChannels[stage]), rounded(outChannels[stage]))
            for index in 0..<repeats {
                let (kernel, stride) = (kernelSizes[stage], index == 0 ? strides[stage] : 1)
                let isUneven = stride == 2 && !depthwisePadding.contains(blocks.count)
                blocks.append(
                    Block(
                        inputs: index == 0 ? inputs : outputs, outputs: outputs, kernel: kernel, stride: stride,
                        expansion: expandRatios[stage], paddingBefore: isUneven ? kernel / 2 - 1 : kernel / 2,
                        hasSkip: index > 0))
            }
        }
        return blocks
    }

    /// A number of channels scaled by the width and rounded to the divisor, not down by more than a tenth.
    func rounded(_ channels: Int) -> Int {
        let scaled = Double(channels) * widthCoefficient
        let nearest = max(depthDivisor, Int(scaled + Double(depthDivisor) / 2) / depthDivisor * depthDivisor)
        return Double(nearest) < 0.9 * scaled ? nearest + depthDivisor : nearest
    }
}
