import Autograd
import NeuralNet
import TensorCore

/// CLIP's picture tower with its projection: transformers' `CLIPVisionModelWithProjection`.
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021); the tower is that of
/// Dosovitskiy et al., "An Image is Worth 16x16 Words" (2021).
public final class CLIPVisionEncoder {
    public let configuration: CLIPVisionConfiguration
    private let patches: Convolution
    private let classToken: Variable
    private let positions: Embedding
    private let normIn, normOut: LayerNorm
    private let layers: [CLIPEncoderLayer]
    private let projection: Linear?

    /// What the tower gives for a batch of pictures.
    public struct Output {
        /// Before the final norm: `[sample, 1 + patch, channel]`, the class token first.
        public let lastHiddenState: Variable
        /// The class token after the final norm: `[sample, channel]`.
        public let pooled: Variable
        /// The pooled state in the space shared with texts, `[sample, projectionSize]`; `nil` without a projection.
        public let imageEmbeddings: Variable?
    }

    public init(_ configuration: CLIPVisionConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        let scope = root["vision_model"].has("embeddings.class_embedding") ? root["vision_model"] : root
        let width = configuration.hiddenSize
        let side = configuration.imageSize / configuration.patchSize
        patches = try Convolution(
            configuration.channels, width, kernel: configuration.patchSize, stride: configuration.patchSize,
            padding: (0, 0), bias: false, scope["embeddings.patch_embedding"])
        classToken = try scope["embeddings"].parameter(
            "class_embedding", shape: [width], initial: .gaussian(deviation: 0.02))
        positions = try Embedding(side * side + 1, width, scope["embeddings.position_embedding"])
        // transformers writes this name so.
        normIn = try LayerNorm(width, epsilon: configuration.layerNormEpsilon, scope["pre_layrnorm"])
        let tower = CLIPTower(
            width: width, intermediateWidth: configuration.intermediateSize, layers: configuration.layers,
            heads: configuration.heads, epsilon: configuration.layerNormEpsilon,
            activation: try Activation(transformersName: configuration.activation), isCausal: false)
        layers = try tower.makeLayers(scope)
        normOut = try LayerNorm(width, epsilon: configuration.layerNormEpsilon, scope["post_layernorm"])
        projection =
            root.has("visual_projection.weight")
            ? try Linear(width, configuration.projectionSize, bias: false, root["visual_projection"]) : nil
    }

    /// Encodes normalised pictures `[sample, height, width, channel]` of the configuration's size.
    public func callAsFunction(_ pixels: Variable) -> Output {
        let side = configuration.imageSize
        precondition(
            pixels.shape.dropFirst() == [side, side, configuration.channels], "pictures of shape \(pixels.shape)")
        let (samples, width) = (pixels.shape[0], configuration.hiddenSize)
        let patches = patches(pixels).reshaped([samples, -1, width])
        let tokens = 1 + patches.shape[1]
        // Channels of one long row: the class token's, then those of all patches.
        let first = classToken.reshaped([1, width]).gathering([Int](repeating: 0, count: samples))
        var hidden = first.concatenatingChannels(patches.reshaped([samples, -1])).reshaped([samples, tokens, width])
        hidden = normIn(hidden.addingRows(positions(Array(0..<tokens))))
        for layer in layers { hidden = layer(hidden) }
        let pooled = normOut(hidden.reshaped([samples * tokens, width]).gathering((0..<samples).map { $0 * tokens }))
        return Output(lastHiddenState: hidden, pooled: pooled, imageEmbeddings: projection.map { $0(pooled) })
    }
}
