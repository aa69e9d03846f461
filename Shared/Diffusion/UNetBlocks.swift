import Autograd
import NeuralNet
import TensorCore

/// A ResNet block, followed by a transformer on the levels that have one; or a down-sampling.
enum UNetStage {
    case resnet(ResNetBlock, SpatialTransformer?)
    case downsample(Downsample)

    func callAsFunction(_ x: Variable, time: Variable, context: TextContext) -> Variable {
        switch self {
        case .resnet(let resnet, let transformer):
            let hidden = resnet(x, time: time)
            return transformer?(hidden, context: context) ?? hidden
        case .downsample(let downsample): return downsample(x)
        }
    }
}

extension UNetConfiguration {
    /// The transformer of one level, or `nil` where its block type has none.
    fileprivate func transformer(
        level: Int, isCross: Bool, onlyCross: Bool, _ scope: ParameterScope
    ) throws -> SpatialTransformer? {
        guard isCross else { return nil }
        return try SpatialTransformer(
            blockOutChannels[level], context: crossAttentionDimension[level], heads: attentionHeads[level],
            layers: transformerLayersPerBlock[level], groups: normGroups, linearProjection: usesLinearProjection,
            onlyCross: onlyCross, scope)
    }

    fileprivate func resnet(_ inputs: Int, _ outputs: Int, timeWidth: Int, _ scope: ParameterScope) throws
        -> ResNetBlock
    {
        try ResNetBlock(
            inputs, outputs, groups: normGroups, epsilon: normEpsilon, timeWidth: timeWidth, scope)
    }
}

/// One level of the contracting path, where each stage's result is a skip connection.
final class DownBlock {
    let stages: [UNetStage]

    init(_ configuration: UNetConfiguration, level: Int, timeWidth: Int, _ scope: ParameterScope) throws {
        let widths = configuration.blockOutChannels
        var stages: [UNetStage] = []
        for layer in 0..<configuration.layersPerBlock[level] {
            let inputs = layer == 0 ? widths[max(level - 1, 0)] : widths[level]
            stages.append(
                .resnet(
                    try configuration.resnet(inputs, widths[level], timeWidth: timeWidth, scope["resnets", layer]),
                    try configuration.transformer(
                        level: level, isCross: configuration.downBlockTypes[level] == "CrossAttnDownBlock2D",
                        onlyCross: configuration.onlyCrossAttention[level], scope["attentions", layer])))
        }
        if level < widths.count - 1 {
            stages.append(.downsample(try Downsample(widths[level], padding: (1, 1), scope)))
        }
        self.stages = stages
    }
}

/// ResNet block, transformer, ResNet block at the lowest resolution.
final class MiddleBlock {
    private let first, second: ResNetBlock
    private let transformer: SpatialTransformer?

    init(_ configuration: UNetConfiguration, timeWidth: Int, _ scope: ParameterScope) throws {
        let level = configuration.blockOutChannels.count - 1
        let width = configuration.blockOutChannels[level]
        first = try configuration.resnet(width, width, timeWidth: timeWidth, scope["resnets.0"])
        transformer = try configuration.transformer(
            level: level, isCross: true, onlyCross: false, scope["attentions.0"])
        second = try configuration.resnet(width, width, timeWidth: timeWidth, scope["resnets.1"])
    }

    func callAsFunction(_ x: Variable, time: Variable, context: TextContext) -> Variable {
        let hidden = first(x, time: time)
        return second(transformer?(hidden, context: context) ?? hidden, time: time)
    }
}

/// One level of the expanding path, where each stage takes one skip connection.
final class UpBlock {
    let stages: [UNetStage]
    let upsample: Upsample?

    init(_ configuration: UNetConfiguration, index: Int, timeWidth: Int, _ scope: ParameterScope) throws {
        let widths = configuration.blockOutChannels
        let level = widths.count - 1 - index
        var stages: [UNetStage] = []
        for layer in 0...configuration.layersPerBlock[level] {
            let below = layer == 0 ? widths[min(level + 1, widths.count - 1)] : widths[level]
            let skip = layer == configuration.layersPerBlock[level] ? widths[max(level - 1, 0)] : widths[level]
            stages.append(
                .resnet(
                    try configuration.resnet(
                        below + skip, widths[level], timeWidth: timeWidth, scope["resnets", layer]),
                    try configuration.transformer(
                        level: level, isCross: configuration.upBlockTypes[index] == "CrossAttnUpBlock2D",
                        onlyCross: configuration.onlyCrossAttention[level], scope["attentions", layer])))
        }
        self.stages = stages
        upsample = level == 0 ? nil : try Upsample(widths[level], scope)
    }
}
