import Foundation

/// Karras et al. count noise by `σ = √(1-ᾱ) / √ᾱ`, in coordinates where a clean sample has the scale 1. The steps below are
/// in the network's own coordinates, which are smaller by `√(σ² + 1)`.
extension SamplingScheduler {
    /// σ at a timestep, interpolated between those of training.
    func sigma(at timestep: Double) -> Double {
        let below = min(Int(timestep), ddim.schedule.count - 1)
        let above = min(below + 1, ddim.schedule.count - 1)
        let part = timestep - Double(below)
        return (1 - part) * trainingSigma(below) + part * trainingSigma(above)
    }

    private func trainingSigma(_ timestep: Int) -> Double {
        // Where nothing of the signal is left, diffusers takes the smallest half-precision number.
        let alpha = ddim.schedule.alphasCumprod[timestep] > 0 ? ddim.schedule.alphasCumprod[timestep] : 0x1p-24
        return ((1 - alpha) / alpha).squareRoot()
    }

    /// The σ that a run ends with.
    var finalSigma: Double { options.endsWithoutNoise ? 0 : trainingSigma(0) }

    /// Timesteps of Euler's methods, which may lie between those of training, and σ at each and at the end.
    func eulerNoiseLevels(_ method: SamplingMethod, _ count: Int) throws(ModelError) -> (
        timesteps: [Double], sigmas: [Double]
    ) {
        try requireWholeTimesteps(method, count)
        let total = ddim.schedule.count
        let timesteps: [Double] =
            switch ddim.spacing {
            case .linspace where count == 1: [0]
            case .linspace:
                (0..<count).reversed().map { Double(Float(Double($0) * Double(total - 1) / Double(count - 1))) }
            case .leading, .trailing: ddim.timesteps(count).map(Double.init)
            }
        let end = method == .eulerAncestral ? 0 : finalSigma
        return (timesteps, timesteps.map(sigma(at:)) + [end])
    }

    /// What noise starts as: diffusers starts from `σ ε` except for leading timesteps, where it adds the signal's part.
    func initialScale(_ timestep: Double) -> Double {
        guard ddim.spacing != .leading else { return 1 }
        let sigma = sigma(at: timestep)
        return sigma / (sigma * sigma + 1).squareRoot()
    }

    /// The clean sample in the network's coordinates, `x̂_0 = sample · x + other · output`, at a noise level.
    func cleanSample(sigma: Double) -> NoiseSchedule.Pair {
        let signal = 1 / (sigma * sigma + 1).squareRoot()
        return switch ddim.prediction {
        case .epsilon: NoiseSchedule.Pair(sample: 1 / signal, other: -sigma)
        case .velocity: NoiseSchedule.Pair(sample: signal, other: -sigma * signal)
        }
    }

    /// A step of Euler's method from one σ down to another, then noise up to a third.
    private func eulerStep(timestep: Double, from: Double, down: Double, up: Double, to: Double) -> Transition {
        let (scale, nextScale) = ((from * from + 1).squareRoot(), (to * to + 1).squareRoot())
        let clean = cleanSample(sigma: from)
        // x + (x - x̂_0) / σ · (down - σ), with x in Karras' coordinates.
        let ratio = down / from
        return Transition(
            timestep: timestep, sampleScale: (ratio * scale + (1 - ratio) * clean.sample) / nextScale,
            outputScale: (1 - ratio) * clean.other / nextScale, standardDeviation: up / nextScale)
    }

    func eulerPlan(_ count: Int) throws(ModelError) -> SolverPlan {
        let (timesteps, sigmas) = try eulerNoiseLevels(.euler, count)
        return SolverPlan(
            initialScale: initialScale(timesteps[0]),
            steps: timesteps.enumerated().map { index, timestep in
                SolverStep(
                    eulerStep(
                        timestep: timestep, from: sigmas[index], down: sigmas[index + 1], up: 0, to: sigmas[index + 1]))
            })
    }

    func eulerAncestralTransitions(_ count: Int) throws(ModelError) -> [Transition] {
        let (timesteps, sigmas) = try eulerNoiseLevels(.eulerAncestral, count)
        return timesteps.enumerated().map { index, timestep in
            let (from, to) = (sigmas[index], sigmas[index + 1])
            let up = (to * to * (from * from - to * to)).squareRoot() / from
            return eulerStep(
                timestep: timestep, from: from, down: (to * to - up * up).squareRoot(), up: up, to: to)
        }
    }
}
