import Autograd
import NeuralNet
import TensorCore

/// The body that all vision transformers share: patches, a class token, positions, pre-norm layers.
///
/// Dosovitskiy et al., "An Image is Worth 16x16 Words" (2021).
final class VisionTransformer {
    /// The pictures, and how they are cut.
    struct Grid {
        var channels: Int
        var imageSize: Int
        var patchSize: Int

        var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }

        /// Refuses patches that do not fit.
        func check() throws(ConfigurationError) {
            guard patchSize > 0, imageSize >= patchSize, channels > 0 else {
                throw ConfigurationError(
                    key: "patch_size", reason: "\(patchSize) does not fit pictures of \(imageSize)")
            }
        }
    }

    /// What checkpoints call the parts.
    struct Names {
        var patches, classToken, positions: String
        /// A norm ahead of the layers, where there is one.
        var normIn: String?
        var normOut: String
        var layer: PreNormLayer.Names

        static let clip = Names(
            patches: "embeddings.patch_embedding", classToken: "embeddings.class_embedding",
            // transformers writes the norm's name so.
            positions: "embeddings.position_embedding.weight", normIn: "pre_layrnorm", normOut: "post_layernorm",
            layer: .clip)
        static let blip = Names(
            patches: "embeddings.patch_embedding", classToken: "embeddings.class_embedding",
            positions: "embeddings.position_embedding", normOut: "post_layernorm", layer: .blip)
        static let vit = Names(
            patches: "embeddings.patch_embeddings.projection", classToken: "embeddings.cls_token",
            positions: "embeddings.position_embeddings", normOut: "layernorm", layer: .vit)
        static let openCLIP = Names(
            patches: "conv1", classToken: "class_embedding", positions: "positional_embedding", normIn: "ln_pre",
            normOut: "ln_post", layer: .openCLIP)
        static let timm = Names(
            patches: "patch_embed.proj", classToken: "cls_token", positions: "pos_embed", normOut: "norm", layer: .timm)
    }

    let grid: Grid
    private let width: Int
    private let patches: Convolution
    private let classToken, positions: Variable
    private let normIn: LayerNorm?
    let normOut: LayerNorm
    private let layers: [PreNormLayer]
    private let activations: ComputePrecision

    init(_ grid: Grid, _ tower: TransformerTower, _ names: Names, _ scope: ParameterScope) throws {
        self.grid = grid
        width = tower.width
        patches = try Convolution(
            grid.channels, tower.width, kernel: grid.patchSize, stride: grid.patchSize, padding: (0, 0),
            bias: names.normIn == nil, scope[names.patches])
        classToken = try scope.parameter(names.classToken, shape: [width], initial: .gaussian(deviation: 0.02))
        positions = try scope.parameter(
            names.positions, shape: [1 + grid.patches, width], initial: .gaussian(deviation: 0.02))
        normIn = try names.normIn.map { try LayerNorm(tower.width, epsilon: tower.epsilon, scope[$0]) }
        layers = try tower.makeLayers(names.layer, scope)
        normOut = try LayerNorm(width, epsilon: tower.epsilon, scope[names.normOut])
        activations = scope.activations
    }

    /// The states of `[sample, height, width, channel]` after the last layer, without the final norm: `[sample, 1 + patch,
    /// channel]`, the class token first.
    func callAsFunction(_ pixels: Variable) -> Variable {
        let side = grid.imageSize
        precondition(pixels.shape.dropFirst() == [side, side, grid.channels], "pictures of shape \(pixels.shape)")
        let samples = pixels.shape[0]
        let patches = patches(pixels).reshaped([samples, -1, width])
        // Channels of one long row: the class token's, then those of all patches.
        let first = classToken.reshaped([1, width]).gathering([Int](repeating: 0, count: samples))
        var hidden = first.concatenatingChannels(patches.reshaped([samples, -1]))
            .reshaped([samples, 1 + grid.patches, width]).addingRows(positions)
        if let normIn { hidden = normIn(hidden) }
        if !hidden.requiresGradient { hidden = Variable(hidden.value.converted(to: activations)) }
        for layer in layers { hidden = layer(hidden) }
        return hidden.requiresGradient ? hidden : Variable(hidden.value.widened())
    }

    /// The class token of states `[sample, token, channel]`, normed: `[sample, channel]`.
    func pooled(_ states: Variable) -> Variable {
        let (samples, tokens) = (states.shape[0], states.shape[1])
        return normOut(states.reshaped([samples * tokens, width]).gathering((0..<samples).map { $0 * tokens }))
    }
}
