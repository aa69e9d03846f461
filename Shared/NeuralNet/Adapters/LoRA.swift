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
    public func targets(_ path: String) -> Bool { targetModules.contains { Self.name($0, means: path) } }

    /// The first target that none of an adapter's matrices belongs to: a name that the model does not have.
    public func unmatchedTarget(among matrices: [String]) -> String? {
        let layers = matrices.compactMap { path in
            path.hasSuffix(Self.firstMatrix) ? String(path.dropLast(Self.firstMatrix.count)) : nil
        }
        return targetModules.first { name in !layers.contains { Self.name(name, means: $0) } }
    }

    private static let firstMatrix = ".lora_A.weight"

    private static func name(_ name: String, means path: String) -> Bool { path == name || path.hasSuffix(".\(name)") }
}

extension LowRankUpdate {
    /// A fresh update, which starts as nothing.
    ///
    /// A, `[rank, in]`, starts Gaussian with deviation 1/rank, as PEFT's `init_lora_weights="gaussian"`; B, `[out, rank]`,
    /// starts at zero. A convolution's A has its `kernel`, its B is 1×1, as PEFT has them.
    init(
        inputs: Int, outputs: Int, kernel: Int?, configuration: LoRAConfiguration, index: UInt64, isTrainable: Bool
    ) {
        let noise = Noise(seed: configuration.seed, unit: index, sample: 1, purpose: .parameters)
        let rank = configuration.rank
        self.init(
            down: Variable(
                noise.gaussian(shape: [rank, inputs] + (kernel.map { [$0, $0] } ?? [])).scaled(1 / Float(rank)),
                requiresGradient: isTrainable),
            up: Variable(
                Tensor(zeros: [outputs, rank] + (kernel == nil ? [] : [1, 1])), requiresGradient: isTrainable),
            scale: configuration.alpha / Float(rank))
    }
}
