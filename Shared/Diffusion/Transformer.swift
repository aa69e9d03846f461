import Autograd
import NeuralNet
import TensorCore

/// Multi-head attention over tokens, to itself or to a context (diffusers' `Attention`).
final class Attention {
    private let query, key, value, out: Linear
    private let heads: Int

    /// Attention of `channels` wide tokens to a context of width `context`, or to themselves if that is `nil`.
    ///
    /// - Throws: ``ParameterError`` if the heads do not divide the channels, or the checkpoint does not fit.
    init(_ channels: Int, context: Int? = nil, heads: Int, projectionBias: Bool = false, _ scope: ParameterScope) throws
    {
        guard heads > 0, channels % heads == 0 else {
            throw ParameterError(path: scope.path, reason: "\(channels) channels do not divide into \(heads) heads")
        }
        // The names before diffusers 0.17, which auto-encoders of that time still have.
        query = try Linear(channels, channels, bias: projectionBias, scope.either("to_q", "query"))
        key = try Linear(context ?? channels, channels, bias: projectionBias, scope.either("to_k", "key"))
        value = try Linear(context ?? channels, channels, bias: projectionBias, scope.either("to_v", "value"))
        out = try Linear(channels, channels, scope.either("to_out.0", "proj_attn"))
        self.heads = heads
    }

    /// Attends from `x`, `[sample, token, channel]`, to `context` or to `x` itself, and adds `residual`.
    func callAsFunction(_ x: Variable, context: TextContext? = nil, adding residual: Variable? = nil) -> Variable {
        func project(_ source: Variable) -> (keys: Variable, values: Variable) { (key(source), value(source)) }
        let (keys, values) =
            context.map { context in
                context.projection(of: self) { project(context.states(as: x.value.precision)) }
            } ?? project(x)
        return out(query(x).attending(keys: keys, values: values, heads: heads), adding: residual)
    }
}

/// Self-attention, cross-attention and a gated feed-forward layer, each with a pre-norm and a shortcut.
///
/// diffusers' `BasicTransformerBlock`.
final class TransformerBlock {
    private let norm1, norm2, norm3: LayerNorm
    private let selfAttention, crossAttention: Attention
    private let expand, contract: Linear
    private let onlyCross: Bool

    init(_ channels: Int, context: Int, heads: Int, onlyCross: Bool, _ scope: ParameterScope) throws {
        self.onlyCross = onlyCross
        norm1 = try LayerNorm(channels, scope["norm1"])
        selfAttention = try Attention(channels, context: onlyCross ? context : nil, heads: heads, scope["attn1"])
        norm2 = try LayerNorm(channels, scope["norm2"])
        crossAttention = try Attention(channels, context: context, heads: heads, scope["attn2"])
        norm3 = try LayerNorm(channels, scope["norm3"])
        expand = try Linear(channels, channels * 8, scope["ff.net.0.proj"])
        contract = try Linear(channels * 4, channels, scope["ff.net.2"])
    }

    func callAsFunction(_ x: Variable, context: TextContext) -> Variable {
        var x = selfAttention(norm1(x), context: onlyCross ? context : nil, adding: x)
        x = crossAttention(norm2(x), context: context, adding: x)
        return contract(expand(norm3(x)).geglu(), adding: x)
    }
}

/// Transformer blocks over the pixels of a feature map (diffusers' `Transformer2DModel`).
final class SpatialTransformer {
    private let norm: GroupNorm
    private let projectIn, projectOut: Linear
    private let blocks: [TransformerBlock]

    init(
        _ channels: Int, context: Int, heads: Int, layers: Int, groups: Int, linearProjection: Bool, onlyCross: Bool,
        _ scope: ParameterScope
    ) throws {
        guard (1...channels).contains(heads) else {
            throw ParameterError(path: scope.path, reason: "\(channels) channels do not divide into \(heads) heads")
        }
        // Where the heads do not divide the channels, diffusers makes the transformer a little narrower.
        let inner = heads * (channels / heads)
        norm = try GroupNorm(channels, groups: groups, epsilon: 1e-6, scope["norm"])
        projectIn = try Linear(channels, inner, isConvolution: !linearProjection, scope["proj_in"])
        blocks = try (0..<layers).map {
            try TransformerBlock(
                inner, context: context, heads: heads, onlyCross: onlyCross, scope["transformer_blocks", $0])
        }
        projectOut = try Linear(
            inner, channels, isConvolution: !linearProjection, scope["proj_out"], initial: .zeros)
    }

    func callAsFunction(_ x: Variable, context: TextContext) -> Variable {
        let shape = x.shape
        var tokens = projectIn(norm(x).reshaped([shape[0], shape[1] * shape[2], shape[3]]))
        for block in blocks { tokens = block(tokens, context: context) }
        return projectOut(tokens, adding: x.reshaped([shape[0], shape[1] * shape[2], shape[3]])).reshaped(shape)
    }
}
