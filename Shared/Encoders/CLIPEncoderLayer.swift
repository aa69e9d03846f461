import Autograd
import NeuralNet
import TensorCore

/// The size of one of CLIP's towers, of text or of pictures.
struct CLIPTower {
    var width: Int
    var intermediateWidth: Int
    var layers: Int
    var heads: Int
    var epsilon: Float
    var activation: Activation
    /// Whether a token sees only itself and those before it.
    var isCausal: Bool

    /// The layers `encoder.layers.0…` below `scope`.
    func makeLayers(_ scope: ParameterScope) throws -> [CLIPEncoderLayer] {
        guard heads > 0, width % heads == 0 else {
            throw ConfigurationError(
                key: "num_attention_heads", reason: "\(width) channels do not divide into \(heads) heads")
        }
        return try (0..<layers).map { try CLIPEncoderLayer(self, scope["encoder.layers", $0]) }
    }
}

/// One pre-norm transformer layer of CLIP.
final class CLIPEncoderLayer {
    private let norm1, norm2: LayerNorm
    private let query, key, value, out: Linear
    private let expand, contract: Linear
    private let tower: CLIPTower

    init(_ tower: CLIPTower, _ scope: ParameterScope) throws {
        let width = tower.width
        norm1 = try LayerNorm(width, epsilon: tower.epsilon, scope["layer_norm1"])
        query = try Linear(width, width, scope["self_attn.q_proj"])
        key = try Linear(width, width, scope["self_attn.k_proj"])
        value = try Linear(width, width, scope["self_attn.v_proj"])
        out = try Linear(width, width, scope["self_attn.out_proj"])
        norm2 = try LayerNorm(width, epsilon: tower.epsilon, scope["layer_norm2"])
        expand = try Linear(width, tower.intermediateWidth, scope["mlp.fc1"])
        contract = try Linear(tower.intermediateWidth, width, scope["mlp.fc2"])
        self.tower = tower
    }

    func callAsFunction(_ x: Variable) -> Variable {
        let normed = norm1(x)
        let attended = query(normed).attending(
            keys: key(normed), values: value(normed), heads: tower.heads, causal: tower.isCausal)
        let x = x + out(attended)
        return x + contract(expand(norm2(x)).activated(tower.activation))
    }
}
