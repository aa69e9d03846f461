import Autograd
import NeuralNet
import TensorCore

/// CLIP's text tower, with the names and numbers of transformers' `CLIPTextModel` and `CLIPTextModelWithProjection`, or with
/// OpenCLIP's names.
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021).
public final class CLIPTextEncoder {
    public let configuration: CLIPTextConfiguration
    private let tokens: Embedding
    private let positions: Embedding
    private let layers: [PreNormLayer]
    private let finalNorm: LayerNorm
    private let projection: Linear?

    /// What the tower gives for a batch of token sequences.
    public struct Output {
        /// After the final layer norm: `[sample, token, channel]`.
        public let lastHiddenState: Variable
        /// Before the last layer, without the final norm: what SD 2.1 and SDXL read.
        public let penultimate: Variable
        /// The last hidden state at each sample's first end-of-text token: `[sample, channel]`.
        public let pooled: Variable
        /// The pooled state in the space shared with pictures, `[sample, projectionSize]`; `nil` without a projection.
        public let textEmbeddings: Variable?
    }

    public init(_ configuration: CLIPTextConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        // Checkpoints of transformers before version 5 have the tower under `text_model`, so we write it too.
        let scope = root["text_model"].has("embeddings.token_embedding.weight") ? root["text_model"] : root
        let isOpenCLIP = !scope.has("embeddings.token_embedding.weight") && root.has("token_embedding.weight")
        let (width, entries) = (configuration.hiddenSize, configuration.vocabularySize)
        let embeddings = scope["embeddings"]
        tokens = try Embedding(entries, width, isOpenCLIP ? root["token_embedding"] : embeddings["token_embedding"])
        positions =
            isOpenCLIP
            ? try Embedding(configuration.maxPositions, width, root, name: "positional_embedding")
            : try Embedding(configuration.maxPositions, width, embeddings["position_embedding"])
        var tower = try configuration.tower
        tower.isCausal = true
        layers = try tower.makeLayers(isOpenCLIP ? .openCLIP : .clip, isOpenCLIP ? root : scope)
        finalNorm = try LayerNorm(
            width, epsilon: tower.epsilon, isOpenCLIP ? root["ln_final"] : scope["final_layer_norm"])
        let shared = configuration.projectionSize
        if isOpenCLIP {
            projection = try Linear(width, shared, transposed: "text_projection", root)
        } else {
            projection =
                configuration.hasProjection
                ? try Linear(width, shared, bias: false, root["text_projection"]) : nil
        }
    }

    /// Where a sequence is pooled: its first end-of-text token.
    ///
    /// Old configurations say token 2, wrongly; transformers then takes the first of the highest tokens, which in CLIP's
    /// vocabulary is the end of text.
    private func end(of sequence: [Int]) -> Int? {
        sequence.firstIndex(of: configuration.endOfTextToken == 2 ? sequence.max() ?? 0 : configuration.endOfTextToken)
    }

    /// Encodes token sequences of equal length, at most `maxPositions`.
    public func callAsFunction(_ batch: [[Int]]) -> Output {
        let length = batch.first?.count ?? 0
        precondition(batch.allSatisfy { $0.count == length }, "token sequences differ in length")
        precondition(length <= configuration.maxPositions, "\(length) tokens, at most \(configuration.maxPositions)")
        let width = configuration.hiddenSize
        var hidden = tokens(batch.flatMap { $0 }).reshaped([batch.count, length, width])
            .addingRows(positions(Array(0..<length)))
        var penultimate = hidden
        for layer in layers {
            penultimate = hidden
            hidden = layer(hidden)
        }
        let last = finalNorm(hidden)
        let ends = batch.enumerated().map { row, sequence in
            row * length + (end(of: sequence) ?? 0)
        }
        let pooled = last.reshaped([batch.count * length, width]).gathering(ends)
        return Output(
            lastHiddenState: last, penultimate: penultimate, pooled: pooled,
            textEmbeddings: projection.map { $0(pooled) })
    }
}
