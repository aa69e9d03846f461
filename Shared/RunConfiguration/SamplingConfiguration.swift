import TensorCore

/// How pictures are drawn, and how many.
public struct SamplingConfiguration: Codable, Hashable, Sendable {
    /// Pictures that one update learns from.
    public var samplesPerRound = 32
    /// Pictures that a sampler draws in one batch.
    ///
    /// Part of the mathematics: it does not depend on the fleet.
    public var samplesPerUnit = 8
    /// Pictures drawn one after another for the same prompt; a unit holds whole groups.
    public var groupSize = 1
    /// Timesteps of the scheduler.
    public var steps = 20
    /// Guidance scale w in ε_∅ + w(ε_c − ε_∅).
    public var guidance = 4.0
    /// η of DDIM: 1 is what policy gradients use, 0 draws without noise.
    public var eta = 1.0
    /// Arithmetic of the samplers' networks: `f32`, or `bf16` for about twice the speed.
    ///
    /// The learner computes in f32 in any case; for bf16 it recomputes the old log-probabilities before each update.
    public var precision = ComputePrecision.f32

    public init() {}

    public var unitsPerRound: Int { samplesPerRound / samplesPerUnit }

    func validate() throws(ConfigurationError) {
        try requirePositive(samplesPerRound, "sampling.samplesPerRound")
        try requirePositive(samplesPerUnit, "sampling.samplesPerUnit")
        try requirePositive(groupSize, "sampling.groupSize")
        try requirePositive(steps, "sampling.steps")
        guard eta.isFinite, eta >= 0 else {
            throw ConfigurationError(path: "sampling.eta", "\(eta) is no amount of noise")
        }
        guard guidance.isFinite, guidance >= 0 else {
            throw ConfigurationError(path: "sampling.guidance", "\(guidance) is not a guidance scale")
        }
        guard samplesPerRound.isMultiple(of: samplesPerUnit) else {
            throw ConfigurationError(
                path: "sampling.samplesPerRound",
                "\(samplesPerRound) is not a multiple of samplesPerUnit \(samplesPerUnit)")
        }
        guard samplesPerUnit.isMultiple(of: groupSize) else {
            throw ConfigurationError(
                path: "sampling.samplesPerUnit", "\(samplesPerUnit) is not a multiple of groupSize \(groupSize)")
        }
    }
}
