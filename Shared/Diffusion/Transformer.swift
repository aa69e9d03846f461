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
        query = try Linear(channels, channels, bias: projectionBias, scope["to_q"])
        key = try Linear(context ?? channels, channels, bias: projectionBias, scope["to_k"])
        value = try Linear(context ?? channels, channels, bias: projectionBias, scope["to_v"])
        out = try Linear(channels, channels, scope["to_out.0"])
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

    init(_ channels: Int, context: Int, heads: Int, _ scope: ParameterScope) throws {
        norm1 = try LayerNorm(channels, scope["norm1"])
        selfAttention = try Attention(channels, heads: heads, scope["attn1"])
        norm2 = try LayerNorm(channels, scope["norm2"])
        crossAttention = try Attention(channels, context: context, heads: heads, scope["attn2"])
        norm3 = try LayerNorm(channels, scope["norm3"])
        expand = try Linear(channels, channels * 8, scope["ff.net.0.proj"])
        contract = try Linear(channels * 4, channels, scope["ff.net.2"])
    }

    func callAsFunction(_ x: Variable, context: TextContext) -> Variable {
        var x = selfAttention(norm1(x), adding: x)
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
        _ channels: Int, context: Int, heads: Int, layers: Int, groups: Int, linearProjection: Bool,
        _ scope: ParameterScope
    ) throws {
        norm = try GroupNorm(channels, groups: groups, epsilon: 1e-6, scope["norm"])
        projectIn = try Linear(channels, channels, isConvolution: !linearProjection, scope["proj_in"])
        blocks = try (0..<layers).map {
            try TransformerBlock(channels, context: context, heads: heads, scope["transformer_blocks", $0])
        }
        projectOut = try Linear(
            channels, channels, isConvolution: !linearProjection, scope["proj_out"], initial: .zeros)
    }

    func callAsFunction(_ x: Variable, context: TextContext) -> Variable {
        let shape = x.shape
        var tokens = projectIn(norm(x).reshaped([shape[0], shape[1] * shape[2], shape[3]]))
        for block in blocks { tokens = block(tokens, context: context) }
        return projectOut(tokens, adding: x.reshaped(tokens.shape)).reshaped(shape)
    }
}
