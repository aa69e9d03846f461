import Autograd
import TensorCore

/// A linear layer, with its low-rank update where one is configured.
public final class Linear {
    /// `[out, in]`, or `[out, in, 1, 1]` where checkpoints store a 1×1 convolution.
    public var weight: Variable { rows.map { storedWeight[rows: $0] } ?? storedWeight }
    public var bias: Variable? { rows.map { rows in storedBias.map { $0[rows: rows] } } ?? storedBias }
    private let storedWeight: Variable
    private let storedBias: Variable?
    /// The rows that are this layer's, where they are a part of what is trained: cut out anew for every pass, since cutting is a
    /// step that a gradient comes back through.
    private let rows: Range<Int>?
    private let lora: LowRankUpdate?
    private let precision: ComputePrecision

    /// A layer whose weight (and bias) are at `scope`.
    ///
    /// Where `isConvolution`, checkpoints store the weight as that of a 1×1 convolution, which over NHWC activations is the
    /// same product.
    ///
    /// - Throws: ``ParameterError`` if the checkpoint does not fit; errors of the file.
    public init(
        _ inputs: Int, _ outputs: Int, bias hasBias: Bool = true, isConvolution: Bool = false, _ scope: ParameterScope,
        initial: Initialization? = nil
    ) throws {
        rows = nil
        storedWeight = try scope.parameter(
            "weight", shape: [outputs, inputs] + (isConvolution ? [1, 1] : []), initial: initial ?? .fanIn(inputs))
        storedBias = hasBias ? try scope.parameter("bias", shape: [outputs], initial: .zeros) : nil
        lora = scope.lora(inputs: inputs, outputs: outputs, kernel: isConvolution ? 1 : nil)
        precision = scope.store.precision
    }

    /// One of `parts` layers that a checkpoint stores below each other as one, as queries, keys and values often are.
    ///
    /// Where there is a `prefix`, it stands before the names of weight and bias: `in_proj_weight`.
    public init(
        _ inputs: Int, _ outputs: Int, part: Int, of parts: Int, prefix: String = "", _ scope: ParameterScope
    ) throws {
        let rows = part * outputs..<(part + 1) * outputs
        let (weightName, biasName) = ("\(prefix)weight", "\(prefix)bias")
        let weight = try scope.parameter(weightName, shape: [parts * outputs, inputs], initial: .fanIn(inputs))
        let bias =
            scope.has(biasName) ? try scope.parameter(biasName, shape: [parts * outputs], initial: .zeros) : nil
        let isTrained = weight.requiresGradient
        storedWeight = isTrained ? weight : weight[rows: rows]
        storedBias = isTrained ? bias : bias?[rows: rows]
        self.rows = isTrained ? rows : nil
        lora = nil
        precision = scope.store.precision
    }

    /// A layer without bias of a frozen checkpoint that stores the weight as `[in, out]`, under a name of its own.
    public init(_ inputs: Int, _ outputs: Int, transposed name: String, _ scope: ParameterScope) throws {
        let stored = try scope.parameter(name, shape: [inputs, outputs], initial: .fanIn(inputs))
        precondition(!stored.requiresGradient, "no gradient comes back to the transposed weight \(name)")
        storedWeight = Variable(
            stored.value.reshaped([1, inputs, 1, outputs]).toNCHW().reshaped([outputs, inputs]))
        storedBias = nil
        rows = nil
        lora = nil
        precision = scope.store.precision
    }

    /// Maps `[…, in]` to `[…, out]` and adds `residual`.
    public func callAsFunction(_ x: Variable, adding residual: Variable? = nil) -> Variable {
        x.linear(weight: weight, bias: bias, precision: precision, adding: residual, update: lora)
    }
}

/// A 2-d convolution over NHWC activations; the weight is stored `[out, in, kernel, kernel]` as in PyTorch.
public final class Convolution {
    private let weight: Variable
    private let bias: Variable?
    private let lora: LowRankUpdate?
    private let stride: Int
    private let padding: (before: Int, after: Int)
    private let precision: ComputePrecision

    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, padding: (before: Int, after: Int)? = nil,
        bias hasBias: Bool = true, _ scope: ParameterScope, initial: Initialization? = nil
    ) throws {
        weight = try scope.parameter(
            "weight", shape: [outputs, inputs, kernel, kernel], initial: initial ?? .fanIn(inputs * kernel * kernel))
        bias = hasBias ? try scope.parameter("bias", shape: [outputs], initial: .zeros) : nil
        lora = scope.lora(inputs: inputs, outputs: outputs, kernel: kernel)
        self.stride = stride
        self.padding = padding ?? (kernel / 2, kernel / 2)
        precision = scope.store.precision
    }

    /// Maps `[sample, height, width, in]` to `[sample, outHeight, outWidth, out]` and adds `residual`.
    ///
    /// The result is stored as `output`; as the input is, if that is not given.
    public func callAsFunction(
        _ x: Variable, adding residual: Variable? = nil, output: ComputePrecision? = nil
    ) -> Variable {
        let y = x.convolved(
            weight: weight, bias: bias, stride: stride, padding: padding, precision: precision, adding: residual,
            output: output)
        guard let lora else { return y }
        let inner = x.convolved(weight: lora.down, bias: nil, stride: stride, padding: padding)
        return y + lora.scale * inner.linear(weight: lora.up, bias: nil)
    }
}

/// Group normalisation, followed where asked by SiLU: fused, because the pair is in every ResNet block.
public final class GroupNorm {
    private let weight: Variable
    private let bias: Variable
    private let groups: Int
    private let epsilon: Float

    public init(_ channels: Int, groups: Int, epsilon: Float, _ scope: ParameterScope) throws {
        guard groups > 0, channels % groups == 0 else {
            throw ParameterError(
                path: scope.path, reason: "\(channels) channels do not divide into \(groups) groups (norm_num_groups)")
        }
        weight = try scope.parameter("weight", shape: [channels], initial: .ones)
        bias = try scope.parameter("bias", shape: [channels], initial: .zeros)
        (self.groups, self.epsilon) = (groups, epsilon)
    }

    /// Normalises `x + added`, where `added` is a vector per sample, `[sample, channel]`.
    public func callAsFunction(_ x: Variable, adding added: Variable? = nil, silu: Bool = false) -> Variable {
        x.groupNormalized(groups: groups, epsilon: epsilon, weight: weight, bias: bias, silu: silu, adding: added)
    }
}

/// Layer normalisation over the channels.
public final class LayerNorm {
    private let weight: Variable
    private let bias: Variable
    private let epsilon: Float

    public init(_ channels: Int, epsilon: Float = 1e-5, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", shape: [channels], initial: .ones)
        bias = try scope.parameter("bias", shape: [channels], initial: .zeros)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Variable) -> Variable {
        x.layerNormalized(epsilon: epsilon, weight: weight, bias: bias)
    }
}

/// A table of vectors, one for each token or position.
public final class Embedding {
    /// The vectors, `[entry, channel]`.
    public let weight: Variable

    public init(_ entries: Int, _ channels: Int, _ scope: ParameterScope, name: String = "weight") throws {
        weight = try scope.parameter(name, shape: [entries, channels], initial: .gaussian(deviation: 0.02))
    }

    /// The vectors of `indices`, `[index, channel]`.
    public func callAsFunction(_ indices: [Int]) -> Variable { weight.gathering(indices) }
}
