import Autograd
import NeuralNet
import TensorCore

/// A vision transformer as transformers' `ViTModel` and `BlipVisionModel` have it; DINO's checkpoints are the former's.
///
/// Dosovitskiy et al., "An Image is Worth 16x16 Words" (2021); Caron et al., "Emerging Properties in Self-Supervised Vision
/// Transformers" (2021); Li et al., "BLIP" (2022).
public final class ViTEncoder {
    public let configuration: ViTConfiguration
    private let transformer: VisionTransformer
    private let pooler: Linear?

    /// What the tower gives for a batch of pictures.
    public struct Output {
        /// After the final norm: `[sample, 1 + patch, channel]`, the class token first.
        public let lastHiddenState: Variable
        /// The class token after the final norm, `[sample, channel]`, through the pooler where the checkpoint has one.
        public let pooled: Variable
    }

    public init(_ configuration: ViTConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        let token = configuration.isBLIP ? "embeddings.class_embedding" : "embeddings.cls_token"
        let own = [root, root["vit"], root["vision_model"]].first { $0.has(token) }
        // BLIP's original files, and those of ImageReward, have timm's names.
        let original = ["visual_encoder", "blip.visual_encoder"].map { root[$0] }.first { $0.has("cls_token") }
        let scope = own ?? original ?? root
        transformer = try VisionTransformer(
            configuration.grid, try configuration.tower,
            own == nil && original != nil ? .timm : configuration.isBLIP ? .blip : .vit, scope)
        let width = configuration.hiddenSize
        pooler =
            !configuration.isBLIP && scope.has("pooler.dense.weight")
            ? try Linear(width, width, scope["pooler.dense"]) : nil
    }

    /// Encodes normalised pictures `[sample, height, width, channel]` of the configuration's size.
    public func callAsFunction(_ pixels: Variable) -> Output {
        let states = transformer(pixels)
        let token = transformer.pooled(states)
        return Output(
            lastHiddenState: transformer.normOut(states), pooled: pooler.map { $0(token).activated(.tanh) } ?? token)
    }
}
