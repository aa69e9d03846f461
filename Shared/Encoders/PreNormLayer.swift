import Autograd
import NeuralNet
import TensorCore

/// The size of a transformer tower, of text or of pictures.
struct TransformerTower {
    var width: Int
    var intermediateWidth: Int
    var layers: Int
    var heads: Int
    var epsilon: Float
    var activation: Activation
    /// Whether a token sees only itself and those before it.
    var isCausal = false

    /// Refuses heads that do not divide the width.
    func check() throws(ConfigurationError) {
        guard heads > 0, width > 0, width % heads == 0 else {
            throw ConfigurationError(
                key: "num_attention_heads", reason: "\(width) channels do not divide into \(heads) heads")
        }
    }

    /// The layers `layers.0…` below `scope`, in which layer norms come first.
    func makeLayers(_ names: PreNormLayer.Names, _ scope: ParameterScope) throws -> [PreNormLayer] {
        try check()
        return try (0..<layers).map { try PreNormLayer(self, names, scope["\(names.layers).\($0)"]) }
    }
}

/// One pre-norm transformer layer, as CLIP and all vision transformers have it.
final class PreNormLayer {
    /// What checkpoints call a layer's parts.
    struct Names {
        var layers: String
        var norm1, norm2: String
        /// Queries, keys and values; one name where they are stored as one.
        var attention: [String]
        /// What stands before "weight" and "bias" of the three that are stored as one.
        var joined = ""
        var out, expand, contract: String

        static let clip = Names(
            layers: "encoder.layers", norm1: "layer_norm1", norm2: "layer_norm2",
            attention: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], out: "self_attn.out_proj",
            expand: "mlp.fc1", contract: "mlp.fc2")
        static let blip = Names(
            layers: "encoder.layers", norm1: "layer_norm1", norm2: "layer_norm2", attention: ["self_attn.qkv"],
            out: "self_attn.projection", expand: "mlp.fc1", contract: "mlp.fc2")
        static let vit = Names(
            layers: "encoder.layer", norm1: "layernorm_before", norm2: "layernorm_after",
            attention: ["attention.attention.query", "attention.attention.key", "attention.attention.value"],
            out: "attention.output.dense", expand: "intermediate.dense", contract: "output.dense")
        /// Of the timm library, which BLIP's and ImageReward's own files have.
        static let timm = Names(
            layers: "blocks", norm1: "norm1", norm2: "norm2", attention: ["attn.qkv"], out: "attn.proj",
            expand: "mlp.fc1", contract: "mlp.fc2")
        static let openCLIP = Names(
            layers: "transformer.resblocks", norm1: "ln_1", norm2: "ln_2", attention: ["attn"], joined: "in_proj_",
            out: "attn.out_proj", expand: "mlp.c_fc", contract: "mlp.c_proj")
    }

    private let norm1, norm2: LayerNorm
    /// Queries, keys and values.
    private let attention: [Linear]
    private let out, expand, contract: Linear
    private let tower: TransformerTower

    init(_ tower: TransformerTower, _ names: Names, _ scope: ParameterScope) throws {
        let width = tower.width
        norm1 = try LayerNorm(width, epsilon: tower.epsilon, scope[names.norm1])
        attention = try (0..<3).map { part in
            guard names.attention.count == 3 else {
                return try Linear(width, width, part: part, of: 3, prefix: names.joined, scope[names.attention[0]])
            }
            let scope = scope[names.attention[part]]
            return try Linear(width, width, bias: scope.has("bias"), scope)
        }
        out = try Linear(width, width, scope[names.out])
        norm2 = try LayerNorm(width, epsilon: tower.epsilon, scope[names.norm2])
        expand = try Linear(width, tower.intermediateWidth, scope[names.expand])
        contract = try Linear(tower.intermediateWidth, width, scope[names.contract])
        self.tower = tower
    }

    func callAsFunction(_ x: Variable) -> Variable {
        let normed = norm1(x)
        let attended = attention[0](normed).attending(
            keys: attention[1](normed), values: attention[2](normed), heads: tower.heads, causal: tower.isCausal)
        let x = out(attended, adding: x)
        return contract(expand(norm2(x)).activated(tower.activation), adding: x)
    }
}
