import Foundation

/// The forward process of a checkpoint and every sampler on it, as diffusers reads them off one `scheduler_config.json`.
public struct SamplingScheduler: Hashable, Sendable {
    /// What the solvers beside DDIM have as options.
    public struct Options: Hashable, Sendable {
        /// Whether the last step of Euler's methods and of DPM-Solver leaves no noise; else that of the first timestep.
        public var endsWithoutNoise = true
        /// DPM-Solver's order, 1 or 2.
        public var solverOrder = 2
        /// Whether DPM-Solver corrects by Heun's rule, not the midpoint's.
        public var usesHeun = false
        /// Whether DPM-Solver's last step is of first order in runs of less than 15 steps.
        public var lowersFinalOrder = true
        /// Whether DPM-Solver's last step is of first order in every run.
        public var endsWithEuler = false
        /// Whether DDPM draws with the larger of its two variances, β.
        public var usesLargeVariance = false
        /// Whether PNDM does without its Runge-Kutta steps; it cannot be used here otherwise.
        public var skipsRungeKutta = true
    }

    /// The forward process, how timesteps are spread, and DDIM itself.
    public var ddim: DDIMScheduler
    /// The sampler that the checkpoint names.
    public var method = SamplingMethod.ddim
    public var options = Options()

    public init(_ ddim: DDIMScheduler = DDIMScheduler()) { self.ddim = ddim }

    /// The plan of a run.
    ///
    /// - Parameters:
    ///   - method: the sampler.
    ///   - count: steps; PNDM asks the network once more.
    ///   - eta: DDIM's stochasticity; the other samplers have none to choose.
    /// - Returns: the plan.
    /// - Throws: ``ModelError`` if the sampler cannot make such a run.
    public func plan(_ method: SamplingMethod, count: Int, eta: Double) throws(ModelError) -> SolverPlan {
        switch method {
        case .ddim, .ddpm, .eulerAncestral:
            let transitions = try transitions(method, count: count, eta: eta)
            return SolverPlan(
                initialScale: initialScale(method, transitions),
                steps: transitions.map(SolverStep.init))
        case .euler: return try eulerPlan(count)
        case .dpmSolver: return try dpmPlan(count)
        case .pndm: return try pndmPlan(count)
        }
    }

    /// The transitions of a run of a sampler that is one of independent steps, most noisy first.
    ///
    /// - Throws: as ``plan(_:count:eta:)``, and if the sampler is none of that kind.
    public func transitions(
        _ method: SamplingMethod, count: Int, eta: Double = 1
    ) throws(ModelError) -> [Transition] {
        switch method {
        case .ddim:
            try requireWholeTimesteps(method, count)
            return ddim.transitions(count, eta: eta)
        case .ddpm:
            try requireWholeTimesteps(method, count)
            return ddpmTransitions(count)
        case .eulerAncestral: return try eulerAncestralTransitions(count)
        case .euler, .dpmSolver, .pndm:
            throw ModelError(
                path: method.rawValue,
                reason: "its steps depend on one another; only ddim, ddpm and euler-ancestral do not")
        }
    }

    /// The transitions of a rollout.
    ///
    /// - Throws: as ``transitions(_:count:eta:)``.
    public func transitions(_ settings: SamplingSettings) throws(ModelError) -> [Transition] {
        try transitions(settings.scheduler, count: settings.steps, eta: settings.eta)
    }

    /// The transitions of settings that were checked before: see ``transitions(_:)``.
    public func checkedTransitions(_ settings: SamplingSettings) -> [Transition] {
        do { return try transitions(settings) } catch {
            preconditionFailure("how pictures are drawn is checked when a model is loaded: \(error)")
        }
    }

    /// What standard normal noise is multiplied by to start a run of transitions.
    func initialScale(_ method: SamplingMethod, _ transitions: [Transition]) -> Double {
        method == .eulerAncestral ? initialScale(transitions[0].timestep) : 1
    }

    /// Refuses runs whose timesteps leave the schedule.
    func requireWholeTimesteps(_ method: SamplingMethod, _ count: Int) throws(ModelError) {
        let total = ddim.schedule.count
        guard (1...total).contains(count) else {
            throw ModelError(path: method.rawValue, reason: "\(count) steps of a schedule of \(total)")
        }
        let last = (count - 1) * (total / count) + ddim.stepsOffset
        guard ddim.spacing != .leading || last < total else {
            throw ModelError(
                path: method.rawValue,
                reason: "\(count) steps with steps_offset \(ddim.stepsOffset) leave the schedule of \(total)")
        }
    }

    /// DDPM as transitions: DDIM with η = 1 from each timestep to the next, and without noise after the last.
    private func ddpmTransitions(_ count: Int) -> [Transition] {
        let timesteps = ddim.timesteps(count)
        let alphas = ddim.schedule.alphasCumprod
        return timesteps.enumerated().map { index, timestep in
            let alphaPrevious = index + 1 < count ? alphas[timesteps[index + 1]] : 1
            let step = ddim.transition(at: timestep, alphaPrevious: alphaPrevious, eta: 1)
            let deviation =
                options.usesLargeVariance && timestep > 0
                ? (1 - alphas[timestep] / alphaPrevious).squareRoot() : step.standardDeviation
            return Transition(
                timestep: step.timestep, sampleScale: step.sampleScale, outputScale: step.outputScale,
                standardDeviation: deviation)
        }
    }
}
