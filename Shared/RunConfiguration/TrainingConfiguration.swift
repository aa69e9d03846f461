import TensorCore

/// How the learner computes its gradients.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
    /// Whether the backward pass computes the network's blocks again.
    public enum Recomputation: String, Codable, CaseIterable, Sendable {
        /// Where the machine's memory does not hold all activations.
        case auto
        /// A third slower, in a fraction of the memory.
        case on
        /// Keeps all activations.
        case off
    }

    /// What of the UNet is trained.
    public enum Parameters: String, Codable, CaseIterable, Sendable {
        /// Low-rank updates of the layers that `lora` names.
        case lora
        /// Every weight; `lora` is not looked at. Samplers are sent the whole UNet for every version.
        case full
    }

    public var parameters = Parameters.lora
    public var recompute = Recomputation.auto
    /// Arithmetic of products, sums being f32 in any case: `f32`, or `bf16` in half the memory.
    ///
    /// The old log-probabilities are computed anew by this arithmetic where it is not that of the samplers.
    public var precision = ComputePrecision.f32

    public init() {}
}
