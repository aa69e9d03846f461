import TensorCore

/// One step of any sampler: a weighted sum of a sample, of estimates from the network's outputs, and of noise.
///
/// Each step makes an estimate `x̂ = estimate.sample · x + estimate.other · output`; multistep solvers also weigh those of
/// earlier steps. A step with one weight and the plain output as its estimate is a ``Transition``.
public struct SolverStep: Hashable, Sendable {
    /// The timestep that the network sees; between two of training's where the spacing says so.
    public var timestep: Double
    /// What the estimate is made of; the output itself by default.
    public var estimate = NoiseSchedule.Pair(sample: 0, other: 1)
    /// The weight of the sample.
    public var sampleScale: Double
    /// The weights of this step's estimate and of the remembered ones before it, the latest first.
    public var estimateScales: [Double]
    /// The standard deviation of the noise.
    public var standardDeviation = 0.0
    /// Whether the sum is over the sample that the step before started from, not the one it made.
    public var repeatsLastSample = false
    /// Whether later steps weigh this step's estimate.
    public var isRemembered = true

    /// Whether the step draws at random.
    public var isStochastic: Bool { standardDeviation > 0 }
}

extension SolverStep {
    /// A step that looks at nothing but the sample and the output.
    init(_ transition: Transition) {
        self.init(
            timestep: transition.timestep, sampleScale: transition.sampleScale,
            estimateScales: [transition.outputScale], standardDeviation: transition.standardDeviation)
    }
}

/// A whole run of a sampler, in the coordinates in which the network sees samples: the scale of `√ᾱ x_0 + √(1-ᾱ) ε`.
public struct SolverPlan: Hashable, Sendable {
    /// What standard normal noise is multiplied by to start from.
    public var initialScale = 1.0
    public var steps: [SolverStep]
}

/// Carries a sample through a plan: the part of a sampler that remembers.
public struct SolverRun: Sendable {
    /// The present sample.
    public private(set) var sample: Tensor
    private var previous: Tensor?
    /// Remembered estimates, the latest first.
    private var estimates: [Tensor] = []

    /// A run from standard normal noise.
    public init(_ plan: SolverPlan, noise: Tensor) {
        sample = plan.initialScale == 1 ? noise : noise.scaled(Float(plan.initialScale))
    }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - step: the plan's next step.
    ///   - output: the network's output for the present sample, shaped alike.
    ///   - noise: standard normal noise, shaped alike; not looked at by a deterministic step.
    public mutating func take(_ step: SolverStep, output: Tensor, noise: Tensor?) {
        let estimate =
            step.estimate.sample == 0 && step.estimate.other == 1
            ? output : sample.combined(Float(step.estimate.sample), output, Float(step.estimate.other))
        let base = step.repeatsLastSample ? previous ?? sample : sample
        var next = base.combined(Float(step.sampleScale), estimate, Float(step.estimateScales[0]))
        for (scale, earlier) in zip(step.estimateScales.dropFirst(), estimates) {
            next = next.combined(1, earlier, Float(scale))
        }
        if step.isStochastic {
            guard let noise else { preconditionFailure("timestep \(step.timestep) is stochastic and needs noise") }
            next = next.combined(1, noise, Float(step.standardDeviation))
        }
        (previous, sample) = (sample, next)
        guard step.isRemembered else { return }
        estimates.insert(estimate, at: 0)
        if estimates.count > 3 { estimates.removeLast() }
    }
}
