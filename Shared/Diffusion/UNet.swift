import Autograd
import Encoders
import Foundation
import NeuralNet
import TensorCore

/// The denoising network of Stable Diffusion: diffusers' `UNet2DConditionModel`.
///
/// Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models" (2022).
public final class UNet {
    public let configuration: UNetConfiguration
    private let convIn: Convolution
    private let time: TimestepEmbedding
    private let added: AddedEmbedding?
    private let down: [DownBlock]
    private let middle: MiddleBlock
    private let up: [UpBlock]
    private let normOut: GroupNorm
    private let convOut: Convolution
    private let sinusoids: Sinusoids
    private let activations: ComputePrecision

    /// SDXL's micro-conditions.
    public struct AddedConditions {
        /// The pooled output of the second text encoder, `[sample, channel]`.
        public let textEmbeddings: Variable
        /// Original size, crop and target size: six numbers a sample.
        public let timeIDs: [[Float]]

        public init(textEmbeddings: Variable, timeIDs: [[Float]]) {
            self.textEmbeddings = textEmbeddings
            self.timeIDs = timeIDs
        }
    }

    public init(_ configuration: UNetConfiguration, _ scope: ParameterScope) throws {
        self.configuration = configuration
        activations = scope.activations
        let widths = configuration.blockOutChannels
        let timeWidth = configuration.timeWidth
        convIn = try Convolution(
            configuration.inChannels, widths[0], kernel: configuration.convInKernel, scope["conv_in"])
        time = try TimestepEmbedding(inputs: widths[0], outputs: timeWidth, scope["time_embedding"])
        added = try configuration.additionEmbedType.map { _ in
            try AddedEmbedding(configuration, timeWidth: timeWidth, scope["add_embedding"])
        }
        down = try widths.indices.map { level in
            try DownBlock(configuration, level: level, timeWidth: timeWidth, scope["down_blocks", level])
        }
        middle = try MiddleBlock(configuration, timeWidth: timeWidth, scope["mid_block"])
        up = try widths.indices.map { index in
            try UpBlock(configuration, index: index, timeWidth: timeWidth, scope["up_blocks", index])
        }
        normOut = try GroupNorm(
            widths[0], groups: configuration.normGroups, epsilon: configuration.normEpsilon, scope["conv_norm_out"])
        convOut = try Convolution(
            widths[0], configuration.outChannels, kernel: configuration.convOutKernel, scope["conv_out"],
            initial: .zeros)
        sinusoids = Sinusoids(configuration)
    }

    /// Whether latents of these sides fit: every level but the last halves them, and the way up doubles them again.
    ///
    /// - Parameters:
    ///   - height: rows of the latents.
    ///   - width: columns of the latents.
    /// - Throws: ``ModelError`` naming the sizes, unless both are positive multiples of `2^(levels - 1)`.
    public func check(height: Int, width: Int) throws(ModelError) {
        let multiple = 1 << (configuration.blockOutChannels.count - 1)
        guard height > 0, width > 0, height.isMultiple(of: multiple), width.isMultiple(of: multiple) else {
            throw ModelError(
                path: "unet",
                reason: "latents of \(height)×\(width) do not fit: with \(configuration.blockOutChannels.count) levels "
                    + "both sides must be multiples of \(multiple)")
        }
    }

    /// Predicts noise (or velocity, as the checkpoint was trained).
    ///
    /// - Parameters:
    ///   - sample: latents `[sample, height, width, channel]`, of any size; one that does not halve evenly is cropped on the
    ///     way up, as in diffusers.
    ///   - timesteps: one per sample.
    ///   - context: text states `[sample, token, channel]`; the same object for all timesteps of a trajectory spares the
    ///     keys and values of cross-attention.
    ///   - conditions: SDXL's micro-conditions, for a checkpoint that has an embedding of them.
    ///   - recompute: keep only the blocks' inputs for the backward pass and compute the blocks again there.
    /// - Returns: the prediction, `[sample, height, width, channel]`, f32.
    public func callAsFunction(
        _ sample: Variable, timesteps: [Float], context: TextContext, added conditions: AddedConditions? = nil,
        recompute: Bool = false
    ) -> Variable {
        var embedding = time(sinusoids(timesteps, width: configuration.blockOutChannels[0]))
        if let added, let conditions { embedding = embedding + added(conditions) }
        let timeState = embedding.activated(.silu)
        func run(_ inputs: [Variable], _ body: @escaping ([Variable], TextContext) -> Variable) -> Variable {
            guard recompute else { return body(inputs, context) }
            guard context.states.requiresGradient else { return recomputed(inputs) { body($0, context) } }
            return recomputed(inputs + [context.states]) { body($0.dropLast(), TextContext($0[$0.count - 1])) }
        }

        let sample = configuration.centersInputSample ? sample.centered() : sample
        let isRecorded = sample.requiresGradient || context.states.requiresGradient
        var hidden = convIn(isRecorded ? sample : Variable(sample.value.converted(to: activations)))
        var skips = [hidden]
        for block in down {
            for stage in block.stages {
                hidden = run([hidden, timeState]) { stage($0[0], time: $0[1], context: $1) }
                skips.append(hidden)
            }
        }
        hidden = run([hidden, timeState]) { [middle] in middle($0[0], time: $0[1], context: $1) }
        for block in up {
            for stage in block.stages {
                let skip = skips.removeLast()
                hidden = run([hidden, skip, timeState]) {
                    stage($0[0].concatenatingChannels($0[1]), time: $0[2], context: $1)
                }
            }
            if let upsample = block.upsample, let next = skips.last {
                hidden = upsample(hidden, height: next.shape[1], width: next.shape[2])
            }
        }
        return convOut(normOut(hidden, silu: true), output: .f32)
    }
}

/// Sinusoids of the timestep through two linear layers.
final class TimestepEmbedding {
    private let linear1, linear2: Linear

    init(inputs: Int, outputs: Int, _ scope: ParameterScope) throws {
        linear1 = try Linear(inputs, outputs, scope["linear_1"])
        linear2 = try Linear(outputs, outputs, scope["linear_2"])
    }

    func callAsFunction(_ x: Variable) -> Variable { linear2(linear1(x).activated(.silu)) }
}

/// Cosines and sines of numbers at `width / 2` frequencies.
///
/// `[cos(t·ω_i)…, sin(t·ω_i)…]` with `ω_i = 10000^(-i / (width / 2 - shift))`: Vaswani et al., "Attention Is All You Need"
/// (2017), with the cosines first.
struct Sinusoids {
    let cosinesFirst: Bool
    let frequencyShift: Double

    init(_ configuration: UNetConfiguration) {
        (cosinesFirst, frequencyShift) = (configuration.flipsSineToCosine, configuration.frequencyShift)
    }

    /// One row for each number, `[number, width]`; an odd width ends in a zero.
    func callAsFunction(_ numbers: [Float], width: Int) -> Variable {
        let half = width / 2
        let (cosines, sines) = cosinesFirst ? (0, half) : (half, 0)
        return Variable(
            Tensor(uninitialized: [numbers.count, width]) { out in
                out.update(repeating: 0)
                for (row, number) in numbers.enumerated() {
                    for i in 0..<half {
                        let exponent = -log(10000.0) * Double(i) / (Double(half) - frequencyShift)
                        let angle = number * Float(exp(exponent))
                        out[row * width + cosines + i] = cos(angle)
                        out[row * width + sines + i] = sin(angle)
                    }
                }
            })
    }
}

extension Variable {
    /// `2 x - 1`: from 0…1 to -1…1.
    fileprivate func centered() -> Variable {
        combined(2, Variable(Tensor(repeating: 1, shape: shape)), -1)
    }
}

/// SDXL's embedding of pooled text and picture sizes.
private final class AddedEmbedding {
    private let embedding: TimestepEmbedding
    private let sinusoids: Sinusoids
    private let width: Int

    init(_ configuration: UNetConfiguration, timeWidth: Int, _ scope: ParameterScope) throws {
        guard let inputs = configuration.projectionClassEmbeddingsInputDimension,
            let width = configuration.additionTimeEmbedDimension
        else {
            throw ConfigurationError(
                key: "addition_embed_type",
                reason: "'text_time' needs projection_class_embeddings_input_dim and addition_time_embed_dim")
        }
        self.width = width
        sinusoids = Sinusoids(configuration)
        embedding = try TimestepEmbedding(inputs: inputs, outputs: timeWidth, scope)
    }

    func callAsFunction(_ conditions: UNet.AddedConditions) -> Variable {
        let samples = conditions.timeIDs.count
        let sizes = sinusoids(conditions.timeIDs.flatMap { $0 }, width: width)
            .reshaped([samples, conditions.timeIDs[0].count * width])
        return embedding(conditions.textEmbeddings.concatenatingChannels(sizes))
    }
}
