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

    public init(steps: Int = 20, guidance: Double = 4, eta: Double = 1, early: EarlyGuidance? = nil) {
        (self.steps, self.guidance, self.eta, self.early) = (steps, guidance, eta, early)
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
    /// Draws latents from x_T to x_0 with the scheduler of rollouts.
    ///
    /// - Parameters:
    ///   - text: the text states of each sample.
    ///   - unconditional: the text states that guidance leads away from.
    ///   - settings: steps, guidance and eta.
    ///   - noise: the noise of one sample at one step, as a function: any sample can be drawn again alone.
    ///   - initial: the noise that one sample starts from.
    ///   - visit: called after every step with the transition, x_t, x_{t-1} and the guided prediction.
    /// - Returns: x_0, scaled.
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
        var latents = Noise.gaussian(rows: (0..<shape[0]).map(initial), shape: one)
        for (step, transition) in scheduler.transitions(settings.steps, eta: settings.eta).enumerated() {
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
    public func pictures(prompts: [String], seed: UInt64, settings: SamplingSettings) -> Tensor {
        let latents = sample(
            text: encode(prompts: prompts), unconditional: unconditional(), settings: settings,
            noise: { Noise(seed: seed, sample: $0, step: $1, purpose: .transition) },
            initial: { Noise(seed: seed, sample: $0, purpose: .initialLatent) })
        return decode(latents)
    }
}
