import Autograd
import NeuralNet
import TensorCore

/// Attention with its output layer and its norm, which in BERT comes last; of a sequence over itself or over a context.
private final class BERTAttention {
    private let query, key, value, out: Linear
    private let norm: LayerNorm
    private let heads: Int

    init(_ tower: TransformerTower, contextWidth: Int, _ scope: ParameterScope) throws {
        query = try Linear(tower.width, tower.width, scope["self.query"])
        key = try Linear(contextWidth, tower.width, scope["self.key"])
        value = try Linear(contextWidth, tower.width, scope["self.value"])
        out = try Linear(tower.width, tower.width, scope["output.dense"])
        norm = try LayerNorm(tower.width, epsilon: tower.epsilon, scope["output.LayerNorm"])
        heads = tower.heads
    }

    /// - Parameters:
    ///   - x: `[sample, token, channel]`.
    ///   - context: what is attended to, `[sample, place, width]`.
    ///   - visible: of each sample the places that can be seen; `nil` for all.
    /// - Returns: the new states, `[sample, token, channel]`.
    func callAsFunction(_ x: Variable, over context: Variable, visible: [[Int]]?) -> Variable {
        let (queries, keys, values) = (query(x), key(context), value(context))
        return norm(out(attend(queries, keys, values, visible), adding: x))
    }

    private func attend(_ queries: Variable, _ keys: Variable, _ values: Variable, _ visible: [[Int]]?) -> Variable {
        let places = keys.shape[1]
        guard let visible, visible.contains(where: { $0.count < places }) else {
            return queries.attending(keys: keys, values: values, heads: heads)
        }
        let width = keys.shape[2]
        return Variable.concatenating(
            visible.enumerated().map { sample, seen in
                func pick(_ states: Variable) -> Variable {
                    states.reshaped([-1, width]).gathering(seen.map { sample * places + $0 })
                        .reshaped([1, seen.count, width])
                }
                return queries[rows: sample..<sample + 1].attending(
                    keys: pick(keys), values: pick(values), heads: heads)
            })
    }
}

/// One post-norm layer of BERT, with cross-attention where the checkpoint has it.
final class BERTLayer {
    private let attention: BERTAttention
    private let crossAttention: BERTAttention?
    private let expand, contract: Linear
    private let norm: LayerNorm
    private let activation: Activation

    init(_ tower: TransformerTower, contextWidth: Int?, _ scope: ParameterScope) throws {
        attention = try BERTAttention(tower, contextWidth: tower.width, scope["attention"])
        crossAttention = try contextWidth.map { try BERTAttention(tower, contextWidth: $0, scope["crossattention"]) }
        expand = try Linear(tower.width, tower.intermediateWidth, scope["intermediate.dense"])
        contract = try Linear(tower.intermediateWidth, tower.width, scope["output.dense"])
        norm = try LayerNorm(tower.width, epsilon: tower.epsilon, scope["output.LayerNorm"])
        activation = tower.activation
    }

    func callAsFunction(
        _ x: Variable, visible: [[Int]]?, context: Variable?, visibleContext: [[Int]]?
    ) -> Variable {
        var x = attention(x, over: x, visible: visible)
        if let crossAttention, let context { x = crossAttention(x, over: context, visible: visibleContext) }
        return norm(contract(expand(x).activated(activation), adding: x))
    }
}
