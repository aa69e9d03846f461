import Autograd
import NeuralNet
import TensorCore

/// ALIGN's picture tower, an EfficientNet with frozen parameters: transformers' `AlignVisionModel`.
///
/// Batch norms are those of inference and are folded into the convolutions ahead of them.
///
/// Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019); Jia et al., "Scaling Up Visual
/// and Vision-Language Representation Learning With Noisy Text Supervision" (2021).
public final class EfficientNet {
    public let configuration: EfficientNetConfiguration
    private let stem: FoldedConvolution
    private let blocks: [EfficientNetBlock]
    private let activation: Activation

    /// What the tower gives for a batch of pictures.
    public struct Output {
        /// `[sample, height, width, channel]`.
        public let lastHiddenState: Variable
        /// The mean over all places, which is ALIGN's embedding: `[sample, channel]`.
        public let imageEmbeddings: Variable
    }

    public init(_ configuration: EfficientNetConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        let scope = root["vision_model"].has("embeddings.convolution.weight") ? root["vision_model"] : root
        activation = try Activation(transformersName: configuration.activation)
        stem = try FoldedConvolution(
            configuration.channels, configuration.rounded(32), kernel: 3, stride: 2, padding: (0, 1),
            scope["embeddings.convolution"], norm: scope["embeddings.batchnorm"], configuration.batchNormEpsilon)
        blocks = try configuration.blocks.enumerated().map { index, block in
            try EfficientNetBlock(block, configuration, scope["encoder.blocks", index])
        }
    }

    /// Encodes pictures `[sample, height, width, channel]`.
    public func callAsFunction(_ pixels: Variable) -> Output {
        precondition(
            pixels.shape.count == 4 && pixels.shape[3] == configuration.channels, "pictures of shape \(pixels.shape)")
        var hidden = stem(pixels).activated(activation)
        for block in blocks { hidden = block(hidden) }
        return Output(lastHiddenState: hidden, imageEmbeddings: hidden.meanPerSample())
    }
}

/// One block: expand, convolve each channel by itself, weigh the channels, contract.
private final class EfficientNetBlock {
    private let expansion: FoldedConvolution?
    private let depthwise: (weight: Tensor, bias: Tensor)
    private let squeeze, excite: Linear
    private let projection: FoldedConvolution
    private let block: EfficientNetConfiguration.Block
    private let activation: Activation

    init(
        _ block: EfficientNetConfiguration.Block, _ configuration: EfficientNetConfiguration, _ scope: ParameterScope
    ) throws {
        self.block = block
        activation = try Activation(transformersName: configuration.activation)
        let (epsilon, width) = (configuration.batchNormEpsilon, block.inputs * block.expansion)
        expansion =
            block.expansion == 1
            ? nil
            : try FoldedConvolution(
                block.inputs, width, kernel: 1, scope["expansion.expand_conv"], norm: scope["expansion.expand_bn"],
                epsilon)
        let folded = try FoldedConvolution.fold(
            [width, 1, block.kernel, block.kernel], scope["depthwise_conv.depthwise_conv"],
            norm: scope["depthwise_conv.depthwise_norm"], epsilon)
        // [channel, 1, kernel, kernel] as [kernel, kernel, channel].
        depthwise = (
            folded.weight.reshaped([1, width, block.kernel, block.kernel]).toNHWC()
                .reshaped([block.kernel, block.kernel, width]), folded.bias
        )
        let narrow = max(1, Int(Double(block.inputs) * configuration.squeezeRatio))
        squeeze = try Linear(width, narrow, isConvolution: true, scope["squeeze_excite.reduce"])
        excite = try Linear(narrow, width, isConvolution: true, scope["squeeze_excite.expand"])
        projection = try FoldedConvolution(
            width, block.outputs, kernel: 1, scope["projection.project_conv"], norm: scope["projection.project_bn"],
            epsilon)
    }

    func callAsFunction(_ x: Variable) -> Variable {
        var hidden = expansion.map { $0(x).activated(activation) } ?? x
        hidden = hidden.convolvedDepthwise(
            weight: depthwise.weight, bias: depthwise.bias, stride: block.stride,
            padding: (block.paddingBefore, block.kernel / 2)
        ).activated(activation)
        let weights = excite(squeeze(hidden.meanPerSample()).activated(activation)).sigmoid()
        let out = projection(hidden.multiplyingPerSample(weights))
        return block.hasSkip ? out + x : out
    }
}

/// A convolution with the batch norm that follows it in its weight and bias.
private final class FoldedConvolution {
    private let weight, bias: Variable
    private let stride: Int
    private let padding: (before: Int, after: Int)
    private let precision: ComputePrecision

    init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: (before: Int, after: Int) = (0, 0),
        _ scope: ParameterScope, norm: ParameterScope, _ epsilon: Float
    ) throws {
        let folded = try Self.fold([outputs, inputs, kernel, kernel], scope, norm: norm, epsilon)
        (weight, bias) = (Variable(folded.weight), Variable(folded.bias))
        (self.stride, self.padding, precision) = (stride, padding, scope.activations)
    }

    /// A weight `[out, …]` times the norm's factor of each output, and what the norm adds.
    static func fold(
        _ shape: [Int], _ scope: ParameterScope, norm: ParameterScope, _ epsilon: Float
    ) throws -> (weight: Tensor, bias: Tensor) {
        func read(_ name: String) throws -> [Float] {
            try norm.parameter(name, shape: [shape[0]], initial: .ones).value.scalars
        }
        let weight = try scope.parameter("weight", shape: shape, initial: .fanIn(shape[1] * shape[2] * shape[3])).value
        let (scale, shift, mean) = (try read("weight"), try read("bias"), try read("running_mean"))
        let factors = zip(scale, try read("running_var")).map { $0 / ($1 + epsilon).squareRoot() }
        let zeros = [Float](repeating: 0, count: shape[0])
        return (
            weight.combined(factors, weight, zeros),
            Tensor(zip(shift, zip(mean, factors)).map { $0 - $1.0 * $1.1 }, shape: [shape[0]])
        )
    }

    func callAsFunction(_ x: Variable) -> Variable {
        x.convolved(weight: weight, bias: bias, stride: stride, padding: padding, precision: precision)
    }
}

extension Variable {
    /// `1 / (1 + exp(-x))`.
    fileprivate func sigmoid() -> Variable {
        let half = (0.5 * self).activated(.tanh)
        return half.combined(0.5, Variable(Tensor(repeating: 0.5, shape: shape)), 1)
    }
}
