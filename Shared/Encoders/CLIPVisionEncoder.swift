import Autograd
import NeuralNet
import TensorCore

/// CLIP's picture tower with its projection: transformers' `CLIPVisionModelWithProjection`, or OpenCLIP's `visual`.
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021).
public final class CLIPVisionEncoder {
    public let configuration: CLIPVisionConfiguration
    private let transformer: VisionTransformer
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
        let isOpenCLIP = !scope.has("embeddings.class_embedding") && root["visual"].has("class_embedding")
        transformer = try VisionTransformer(
            configuration.grid, try configuration.tower, isOpenCLIP ? .openCLIP : .clip,
            isOpenCLIP ? root["visual"] : scope)
        let (width, shared) = (configuration.hiddenSize, configuration.projectionSize)
        projection =
            isOpenCLIP
            ? try Linear(width, shared, transposed: "proj", root["visual"])
            : root.has("visual_projection.weight")
                ? try Linear(width, shared, bias: false, root["visual_projection"]) : nil
    }

    /// Encodes normalised pictures `[sample, height, width, channel]` of the configuration's size.
    public func callAsFunction(_ pixels: Variable) -> Output {
        let hidden = transformer(pixels)
        let pooled = transformer.pooled(hidden)
        return Output(lastHiddenState: hidden, pooled: pooled, imageEmbeddings: projection.map { $0(pooled) })
    }
}
