import Foundation

extension SamplingScheduler {
    /// DPM-Solver++(2M): Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling" (2022), algorithm 2.
    func dpmPlan(_ count: Int) throws(ModelError) -> SolverPlan {
        let timesteps = try dpmTimesteps(count)
        let sigmas = timesteps.map { sigma(at: Double($0)) } + [finalSigma]
        let steps = timesteps.indices.map { index in
            let isLast = index == count - 1
            let isFirstOrder =
                index == 0 || options.solverOrder == 1
                || (isLast
                    && (options.endsWithEuler || options.endsWithoutNoise || (options.lowersFinalOrder && count < 15)))
            let (from, to) = (NoiseLevel(sigmas[index]), NoiseLevel(sigmas[index + 1]))
            let h = to.logRatio - from.logRatio
            let gain = to.signal * (1 - exp(-h))
            var scales = [gain]
            if !isFirstOrder {
                let ratio = (from.logRatio - NoiseLevel(sigmas[index - 1]).logRatio) / h
                // The weight of the difference of two estimates, divided by their distance.
                let slope = (options.usesHeun ? to.signal * ((exp(-h) - 1) / h + 1) : gain / 2) / ratio
                scales = [gain + slope, -slope]
            }
            return SolverStep(
                timestep: Double(timesteps[index]), estimate: cleanSample(sigma: sigmas[index]),
                sampleScale: to.noise / from.noise, estimateScales: scales)
        }
        return SolverPlan(steps: steps)
    }

    /// The weights of signal and noise at one σ.
    private struct NoiseLevel {
        let signal, noise: Double

        init(_ sigma: Double) {
            signal = 1 / (sigma * sigma + 1).squareRoot()
            noise = sigma * signal
        }

        /// λ = ln(signal / noise), infinite without noise.
        var logRatio: Double { log(signal) - log(noise) }
    }

    private func dpmTimesteps(_ count: Int) throws(ModelError) -> [Int] {
        let total = ddim.schedule.count
        guard (1...total).contains(count) else {
            throw ModelError(
                path: SamplingMethod.dpmSolver.rawValue, reason: "\(count) steps of a schedule of \(total)")
        }
        switch ddim.spacing {
        case .linspace:
            return (1...count).reversed().map {
                Int((Double($0) * (Double(total - 1) / Double(count))).rounded(.toNearestOrEven))
            }
        case .leading:
            let first = count * (total / (count + 1)) + ddim.stepsOffset
            guard first < total, count < total else {
                throw ModelError(
                    path: SamplingMethod.dpmSolver.rawValue,
                    reason: "\(count) steps with steps_offset \(ddim.stepsOffset) leave the schedule of \(total)")
            }
            return (1...count).reversed().map { $0 * (total / (count + 1)) + ddim.stepsOffset }
        case .trailing: return ddim.timesteps(count)
        }
    }

    /// PLMS: one pseudo improved Euler step, then linear multisteps of rising order up to four.
    func pndmPlan(_ count: Int) throws(ModelError) -> SolverPlan {
        try requireWholeTimesteps(.pndm, count)
        guard options.skipsRungeKutta else {
            throw ModelError(path: SamplingMethod.pndm.rawValue, reason: "skip_prk_steps false is not supported")
        }
        // The second timestep comes twice: the first try only serves to correct the first step.
        var timesteps = ddim.timesteps(count)
        if count > 1 { timesteps.insert(timesteps[1], at: 1) }
        let stride = ddim.schedule.count / count
        let weights: [[Double]] = [
            [1], [3.0 / 2, -1.0 / 2], [23.0 / 12, -16.0 / 12, 5.0 / 12], [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
        ]
        return SolverPlan(
            steps: timesteps.enumerated().map { index, timestep in
                let isCorrection = index == 1
                let from = isCorrection ? timestep + stride : timestep
                let step = pndmStep(from: min(from, ddim.schedule.count - 1), to: from - stride)
                let scales = isCorrection ? [0.5, 0.5] : weights[min(max(index - 1, 0), 3)]
                return SolverStep(
                    timestep: Double(timestep), sampleScale: step.sample,
                    estimateScales: scales.map { $0 * step.other },
                    repeatsLastSample: isCorrection, isRemembered: !isCorrection)
            })
    }

    /// Formula (9) of Liu et al.: the weights of the sample and of the output, from one timestep to another.
    private func pndmStep(from: Int, to: Int) -> NoiseSchedule.Pair {
        let alphas = ddim.schedule.alphasCumprod
        let alpha = alphas[from]
        let alphaPrevious = to >= 0 ? alphas[to] : ddim.finalAlphaCumprod
        let sample = (alphaPrevious / alpha).squareRoot()
        let noiseScale =
            -(alphaPrevious - alpha)
            / (alpha * (1 - alphaPrevious).squareRoot() + (alpha * (1 - alpha) * alphaPrevious).squareRoot())
        let noise = ddim.schedule.noise(at: from, prediction: ddim.prediction)
        return NoiseSchedule.Pair(sample: sample + noiseScale * noise.sample, other: noiseScale * noise.other)
    }
}
