import Autograd
import TensorCore

/// Which layers get a low-rank update and how large it is.
///
/// Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021).
public struct LoRAConfiguration: Codable, Hashable, Sendable {
    /// Rank of the update.
    public var rank = 4
    /// The update is scaled by `alpha / rank`.
    public var alpha: Float = 4
    /// Last path components of the layers to update, as PEFT's `target_modules`.
    public var targetModules = ["to_q", "to_k", "to_v", "to_out.0"]
    /// Seed of the random start of the A matrices.
    public var seed: UInt64 = 0

    public init() {}

    /// Whether a layer at `path` is one of the targets: a match of whole components at the end of the path.
    public func targets(_ path: String) -> Bool {
        targetModules.contains { path == $0 || path.hasSuffix(".\($0)") }
    }
}

/// The map `x ↦ (alpha / rank) · B(A x)` that is added to a frozen linear layer or convolution.
///
/// A convolution's A has its kernel, its B is 1×1, as PEFT has them.
public final class LoRAUpdate {
    /// A, `[rank, in]` or `[rank, in, kernel, kernel]`, starts Gaussian with deviation 1/rank, as PEFT's `init_lora_weights="gaussian"`.
    let down: Variable
    /// B, `[out, rank]` or `[out, rank, 1, 1]`, starts at zero, so that the update starts as nothing.
    let up: Variable
    let scale: Float

    init(inputs: Int, outputs: Int, kernel: Int?, configuration: LoRAConfiguration, index: UInt64, isTrainable: Bool) {
        let noise = Noise(seed: configuration.seed, unit: index, sample: 1, purpose: .parameters)
        down = Variable(
            noise.gaussian(shape: [configuration.rank, inputs] + (kernel.map { [$0, $0] } ?? [])).scaled(1 / Float(configuration.rank)),
            requiresGradient: isTrainable)
        up = Variable(Tensor(zeros: [outputs, configuration.rank] + (kernel == nil ? [] : [1, 1])), requiresGradient: isTrainable)
        scale = configuration.alpha / Float(configuration.rank)
    }

    func callAsFunction(_ x: Variable) -> Variable {
        scale * x.linear(weight: down, bias: nil).linear(weight: up, bias: nil)
    }

    func callAsFunction(_ x: Variable, stride: Int, padding: (before: Int, after: Int)) -> Variable {
        scale
            * x.convolved(weight: down, bias: nil, stride: stride, padding: padding).linear(weight: up, bias: nil)
    }
}
