import Foundation

/// How much of a clean sample is left at each timestep of the forward process: `x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε`.
///
/// Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models" (2020). All coefficients are Double.
public struct NoiseSchedule: Hashable, Sendable {
    /// The shape of β over the timesteps; raw values are those of diffusers.
    public enum Betas: String, Codable, CaseIterable, Sendable {
        case linear
        /// Linear in √β: Stable Diffusion's.
        case scaledLinear = "scaled_linear"
        /// Cosine in √ᾱ, β at most 0.999. Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models" (2021).
        case squaredCosine = "squaredcos_cap_v2"
    }

    /// What the network predicts; raw values are those of diffusers.
    public enum Prediction: String, Codable, CaseIterable, Sendable {
        /// The noise ε.
        case epsilon
        /// The velocity `√ᾱ ε - √(1-ᾱ) x_0`. Salimans and Ho, "Progressive Distillation" (2022).
        case velocity = "v_prediction"
    }

    /// The weights of a sum of two tensors.
    public struct Pair: Hashable, Sendable {
        /// The weight of the sample.
        public let sample: Double
        /// The weight of the noise, or of the network's output.
        public let other: Double
    }

    /// ᾱ_t for each timestep, from almost 1 down to almost 0.
    public let alphasCumprod: [Double]

    /// A schedule of `count` timesteps; the cosine ignores start and end.
    public init(_ betas: Betas, count: Int = 1000, start: Double = 0.00085, end: Double = 0.012) {
        precondition(count > 0, "a schedule of \(count) timesteps")
        let last = Double(max(count - 1, 1))
        self.init(
            betas: (0..<count).map { step in
                switch betas {
                case .linear: return start + Double(step) / last * (end - start)
                case .scaledLinear:
                    let root = start.squareRoot() + Double(step) / last * (end.squareRoot() - start.squareRoot())
                    return root * root
                case .squaredCosine:
                    let (now, next) = (Double(step) / Double(count), Double(step + 1) / Double(count))
                    return min(1 - Self.cosine(next) / Self.cosine(now), 0.999)
                }
            })
    }

    /// A schedule of given β.
    public init(betas: [Double]) {
        var product = 1.0
        alphasCumprod = betas.map { beta in
            product *= 1 - beta
            return product
        }
    }

    /// The schedule stretched so that the last timestep keeps nothing of the signal.
    ///
    /// Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed" (2024), algorithm 1.
    public func withZeroTerminalSignal() -> NoiseSchedule {
        let roots = alphasCumprod.map { $0.squareRoot() }
        guard let first = roots.first, let last = roots.last, first > last else { return self }
        return NoiseSchedule(
            alphasCumprod: roots.map { root in
                let stretched = (root - last) * first / (first - last)
                return stretched * stretched
            })
    }

    private init(alphasCumprod: [Double]) { self.alphasCumprod = alphasCumprod }

    /// The number of timesteps.
    public var count: Int { alphasCumprod.count }

    /// The weights of `x_t = sample · x_0 + other · ε`.
    public func noising(at timestep: Int) -> Pair {
        Pair(sample: alphasCumprod[timestep].squareRoot(), other: (1 - alphasCumprod[timestep]).squareRoot())
    }

    /// The weights of the predicted clean sample, `x̂_0 = sample · x_t + other · output`.
    public func cleanSample(at timestep: Int, prediction: Prediction) -> Pair {
        let (signal, noise) = (alphasCumprod[timestep].squareRoot(), (1 - alphasCumprod[timestep]).squareRoot())
        return switch prediction {
        case .epsilon: Pair(sample: 1 / signal, other: -noise / signal)
        case .velocity: Pair(sample: signal, other: -noise)
        }
    }

    /// The weights of the predicted noise, `ε̂ = sample · x_t + other · output`.
    public func noise(at timestep: Int, prediction: Prediction) -> Pair {
        let (signal, noise) = (alphasCumprod[timestep].squareRoot(), (1 - alphasCumprod[timestep]).squareRoot())
        return switch prediction {
        case .epsilon: Pair(sample: 0, other: 1)
        case .velocity: Pair(sample: noise, other: signal)
        }
    }

    /// The weights of the network's target in training, `sample · x_0 + other · ε`.
    public func target(at timestep: Int, prediction: Prediction) -> Pair {
        switch prediction {
        case .epsilon: Pair(sample: 0, other: 1)
        case .velocity:
            Pair(sample: -(1 - alphasCumprod[timestep]).squareRoot(), other: alphasCumprod[timestep].squareRoot())
        }
    }

    /// The ratio of signal to noise, `ᾱ / (1-ᾱ)`.
    public func signalToNoise(at timestep: Int) -> Double {
        alphasCumprod[timestep] / (1 - alphasCumprod[timestep])
    }

    private static func cosine(_ time: Double) -> Double {
        let value = cos((time + 0.008) / 1.008 * Double.pi / 2)
        return value * value
    }
}
