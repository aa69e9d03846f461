import Autograd
import NeuralNet
import TensorCore

/// BERT, with the names and numbers of transformers' `BertModel`, `AlignTextModel` and `BlipTextModel`; the last attends to
/// pictures too.
///
/// Devlin et al., "BERT" (2019); Jia et al., "Scaling Up Visual and Vision-Language Representation Learning With Noisy Text
/// Supervision" (2021); Li et al., "BLIP" (2022).
public final class BERTEncoder {
    public let configuration: BERTConfiguration
    private let words, positions: Embedding
    private let tokenTypes: Embedding?
    private let norm: LayerNorm
    private let layers: [BERTLayer]
    private let pooler: Linear?
    private let projection: Linear?

    /// What the tower gives for a batch of token sequences.
    public struct Output {
        /// `[sample, token, channel]`.
        public let lastHiddenState: Variable
        /// The first token's state: `[sample, channel]`.
        public let first: Variable
        /// The first token through the pooler, where the checkpoint has one.
        public let pooled: Variable?
        /// The first token in the space shared with pictures, where the checkpoint has a projection: ALIGN's.
        public let textEmbeddings: Variable?
    }

    /// A sequence, and which of its places can be seen.
    public struct Input {
        public var tokens: [[Int]]
        /// Of each sequence the places that can be seen; `nil` for all.
        public var visible: [[Int]]?
        /// The kinds of the tokens; 0 if not given.
        public var types: [[Int]]?

        public init(_ tokens: [[Int]], visible: [[Int]]? = nil, types: [[Int]]? = nil) {
            (self.tokens, self.visible, self.types) = (tokens, visible, types)
        }
    }

    public init(_ configuration: BERTConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        let tower = try configuration.tower
        // Of whole models, and of BLIP's original files.
        let places = [root] + ["bert", "text_model", "text_encoder", "blip.text_encoder"].map { root[$0] }
        let scope = places.first { $0.has("embeddings.word_embeddings.weight") } ?? root
        let embeddings = scope["embeddings"]
        words = try Embedding(configuration.vocabularySize, tower.width, embeddings["word_embeddings"])
        positions = try Embedding(configuration.maxPositions, tower.width, embeddings["position_embeddings"])
        tokenTypes =
            configuration.tokenTypes > 0
            ? try Embedding(configuration.tokenTypes, tower.width, embeddings["token_type_embeddings"]) : nil
        norm = try LayerNorm(tower.width, epsilon: tower.epsilon, embeddings["LayerNorm"])
        layers = try (0..<tower.layers).map {
            try BERTLayer(tower, contextWidth: configuration.contextWidth, scope["encoder.layer", $0])
        }
        pooler =
            scope.shape(of: "pooler.dense.weight") == nil
            ? nil : try Linear(tower.width, tower.width, scope["pooler.dense"])
        let projected = root.shape(of: "text_projection.weight")
        projection = try projected.map { try Linear(tower.width, $0[0], root["text_projection"]) }
    }

    /// Encodes token sequences of one length, at most `maxPositions`.
    ///
    /// - Parameters:
    ///   - input: the sequences.
    ///   - context: what cross-attention sees, `[sample, place, contextWidth]`; without it there is none.
    ///   - visibleContext: of each sample the places of the context that can be seen; `nil` for all.
    /// - Returns: the states of the last layer.
    public func callAsFunction(
        _ input: Input, context: Variable? = nil, visibleContext: [[Int]]? = nil
    ) -> Output {
        let batch = input.tokens
        let (samples, length, width) = (batch.count, batch.first?.count ?? 0, configuration.hiddenSize)
        precondition(batch.allSatisfy { $0.count == length }, "token sequences differ in length")
        precondition(length <= configuration.maxPositions, "\(length) tokens, at most \(configuration.maxPositions)")
        var hidden = words(batch.flatMap { $0 })
        if let tokenTypes {
            hidden = hidden + tokenTypes(input.types?.flatMap { $0 } ?? [Int](repeating: 0, count: samples * length))
        }
        hidden = norm(hidden.reshaped([samples, length, width]).addingRows(positions(Array(0..<length))))
        for layer in layers {
            hidden = layer(hidden, visible: input.visible, context: context, visibleContext: visibleContext)
        }
        let first = hidden.reshaped([samples * length, width]).gathering((0..<samples).map { $0 * length })
        return Output(
            lastHiddenState: hidden, first: first, pooled: pooler.map { $0(first).activated(.tanh) },
            textEmbeddings: projection.map { $0(first) })
    }
}
