import TensorCore

/// How pictures are drawn.
public struct SamplingSettings: Codable, Hashable, Sendable {
    /// Denoising steps.
    public var steps = 20
    /// Weight of classifier-free guidance; 1 is none.
    public var guidance = 4.0
    /// DDIM's stochasticity η: 0 is deterministic, 1 is DDPM's.
    ///
    /// Reinforcement learning needs more than 0, or the steps have no log-probability.
    public var eta = 1.0

    /// Another guidance for the noisiest steps; the same for all where there is none.
    public var early: EarlyGuidance?

    /// The sampler; rollouts need one whose steps stand alone (``SamplingMethod/isTrainable``).
    public var scheduler = SamplingMethod.ddim

    public init(
        steps: Int = 20, guidance: Double = 4, eta: Double = 1, early: EarlyGuidance? = nil,
        scheduler: SamplingMethod = .ddim
    ) {
        (self.steps, self.guidance, self.eta) = (steps, guidance, eta)
        (self.early, self.scheduler) = (early, scheduler)
    }

    /// Reads files that are older than the choice of a sampler too.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        steps = try keys.decode(Int.self, forKey: .steps)
        guidance = try keys.decode(Double.self, forKey: .guidance)
        eta = try keys.decode(Double.self, forKey: .eta)
        early = try keys.decodeIfPresent(EarlyGuidance.self, forKey: .early)
        scheduler = try keys.decodeIfPresent(SamplingMethod.self, forKey: .scheduler) ?? .ddim
    }

    /// The guidance scale at a timestep.
    public func guidance(at timestep: Double) -> Double {
        guard let early, timestep > early.threshold else { return guidance }
        return early.scale
    }
}

/// The guidance of timesteps above a threshold: dynamic guidance as in Chae et al., "DiffExp" (2025).
public struct EarlyGuidance: Codable, Hashable, Sendable {
    public var scale: Double
    public var threshold: Double

    public init(scale: Double, above threshold: Double) { (self.scale, self.threshold) = (scale, threshold) }
}

extension StableDiffusion {
    /// Draws latents from x_T to x_0 by steps that stand alone, as rollouts do.
    ///
    /// - Parameters:
    ///   - text: the text states of each sample.
    ///   - unconditional: the text states that guidance leads away from.
    ///   - settings: sampler, steps, guidance and eta.
    ///   - noise: the noise of one sample at one step, as a function: any sample can be drawn again alone.
    ///   - initial: the noise that one sample starts from.
    ///   - visit: called after every step with the transition, x_t, x_{t-1} and the guided prediction.
    /// - Returns: x_0, scaled.
    /// - Precondition: the sampler can make such a run (``SamplingScheduler/transitions(_:)`` throws otherwise).
    public func sample(
        text: TextStates, unconditional: TextStates, settings: SamplingSettings,
        noise: (_ sample: Int, _ step: Int) -> Noise,
        initial: (_ sample: Int) -> Noise,
        visit: (_ step: Int, Transition, _ from: Tensor, _ to: Tensor, _ output: Tensor) -> Void = { _, _, _, _, _ in }
    ) -> Tensor {
        let shape = latentShape(samples: text.count)
        let one = Array(shape.dropFirst())
        // What the UNet makes of the text is kept as long as the guidance stays.
        var guided: [Double: GuidedText] = [:]
        let transitions = samplers.checkedTransitions(settings)
        var latents = Noise.gaussian(rows: (0..<shape[0]).map(initial), shape: one)
            .scaled(Float(samplers.initialScale(settings.scheduler, transitions)))
        for (step, transition) in transitions.enumerated() {
            let timesteps = [Float](repeating: Float(transition.timestep), count: shape[0])
            let weight = settings.guidance(at: transition.timestep)
            let known = guided[weight] ?? guidedText(text, unconditional: unconditional, guidance: weight)
            guided[weight] = known
            let output = predict(latents, timesteps: timesteps, text: known).value
            let drawn =
                transition.isStochastic
                ? Noise.gaussian(rows: (0..<shape[0]).map { noise($0, step) }, shape: one) : nil
            let next = transition.next(sample: latents, output: output, noise: drawn)
            visit(step, transition, latents, next, output)
            latents = next
        }
        return latents
    }

    /// Draws latents with any sampler, from standard normal noise on.
    ///
    /// - Parameters:
    ///   - noise: what to start from, `[sample, height, width, channel]`.
    ///   - plan: the steps.
    ///   - text: the text states of each sample.
    ///   - unconditional: the text states that guidance leads away from.
    ///   - guidance: the weight of classifier-free guidance.
    ///   - drawn: the noise of one sample at one step.
    /// - Returns: x_0, scaled.
    public func sample(
        from noise: Tensor, plan: SolverPlan, text: TextStates, unconditional: TextStates, guidance: Double,
        drawn: (_ sample: Int, _ step: Int) -> Noise
    ) -> Tensor {
        let samples = noise.shape[0]
        let text = guidedText(text, unconditional: unconditional, guidance: guidance)
        var run = SolverRun(plan, noise: noise)
        for (index, step) in plan.steps.enumerated() {
            let timesteps = [Float](repeating: Float(step.timestep), count: samples)
            let output = predict(run.sample, timesteps: timesteps, text: text).value
            run.take(
                step, output: output,
                noise: step.isStochastic
                    ? Noise.gaussian(
                        rows: (0..<samples).map { drawn($0, index) }, shape: Array(noise.shape.dropFirst()))
                    : nil)
        }
        return run.sample
    }

    /// Pictures of prompts, as pixels about -1…1: picture `i` depends on `(seed, i)` and its own prompt only.
    ///
    /// - Parameters:
    ///   - prompts: one for each picture.
    ///   - seed: of all noise.
    ///   - settings: with any sampler.
    /// - Returns: `[picture, row, column, 3]`.
    /// - Throws: ``ModelError`` if the sampler cannot make such a run.
    public func pictures(prompts: [String], seed: UInt64, settings: SamplingSettings) throws(ModelError) -> Tensor {
        let plan = try samplers.plan(settings.scheduler, count: settings.steps, eta: settings.eta)
        return pictures(prompts: prompts, seed: seed, plan: plan, guidance: settings.guidance)
    }

    /// Pictures of prompts by a plan, as pixels about -1…1.
    public func pictures(prompts: [String], seed: UInt64, plan: SolverPlan, guidance: Double) -> Tensor {
        let shape = Array(latentShape(samples: 1).dropFirst())
        let unconditional = unconditional()
        let atOnce = Self.drawnAtOnce(SampleSize(height: shape[0], width: shape[1]))
        return .concatenating(
            stride(from: 0, to: prompts.count, by: atOnce).map { first in
                let rows = first..<min(first + atOnce, prompts.count)
                let noise = Noise.gaussian(
                    rows: rows.map { Noise(seed: seed, sample: $0, purpose: .initialLatent) }, shape: shape)
                return decode(
                    sample(
                        from: noise, plan: plan, text: encode(prompts: Array(prompts[rows])),
                        unconditional: unconditional, guidance: guidance,
                        drawn: { Noise(seed: seed, sample: first + $0, step: $1, purpose: .transition) }))
            })
    }
}
