/// DDIM with η: from pure noise (η = 0, deterministic) to ancestral sampling (η = 1, as in DDPM).
///
/// Song, Meng and Ermon, "Denoising Diffusion Implicit Models" (2021), formulas (12) and (16). A value without history: the
/// transition at a timestep depends on its arguments only.
public struct DDIMScheduler: Hashable, Sendable {
    /// How the timesteps of a run are spread over those of training; raw values are those of diffusers.
    public enum Spacing: String, Codable, CaseIterable, Sendable {
        /// Multiples of a whole stride from 0 on, moved up by the offset.
        case leading
        /// Multiples of a stride from the last timestep down.
        case trailing
        /// Evenly from the last timestep to the first.
        case linspace
    }

    /// The forward process.
    public let schedule: NoiseSchedule
    /// What the network predicts.
    public let prediction: NoiseSchedule.Prediction
    /// How timesteps are spread.
    public let spacing: Spacing
    /// Added to every timestep of leading spacing.
    public let stepsOffset: Int
    /// ᾱ of the sample that the last step makes.
    public let finalAlphaCumprod: Double

    /// - Parameters:
    ///   - schedule: the forward process.
    ///   - prediction: what the network predicts.
    ///   - spacing: how timesteps are spread.
    ///   - stepsOffset: added to every timestep of leading spacing; Stable Diffusion's is 1.
    ///   - setAlphaToOne: whether the last step makes a sample without any noise. It is then deterministic for every η, and
    ///     has no log-probability.
    public init(
        schedule: NoiseSchedule = NoiseSchedule(.scaledLinear), prediction: NoiseSchedule.Prediction = .epsilon,
        spacing: Spacing = .leading, stepsOffset: Int = 1, setAlphaToOne: Bool = false
    ) {
        self.schedule = schedule
        self.prediction = prediction
        self.spacing = spacing
        self.stepsOffset = stepsOffset
        finalAlphaCumprod = setAlphaToOne ? 1 : schedule.alphasCumprod[0]
    }

    /// The timesteps of a run of `count` steps, most noisy first.
    ///
    /// - Precondition: `count` is at least 1 and at most the schedule's, and no timestep lies outside the schedule.
    public func timesteps(_ count: Int) -> [Int] {
        let total = schedule.count
        precondition((1...total).contains(count), "\(count) steps of a schedule of \(total)")
        let timesteps: [Int] =
            switch spacing {
            case .leading: (0..<count).reversed().map { $0 * (total / count) + stepsOffset }
            case .trailing:
                (0..<count).map { step in
                    let time = Double(total) - Double(step) * (Double(total) / Double(count))
                    return Int(time.rounded(.toNearestOrEven)) - 1
                }
            case .linspace:
                (0..<count).reversed().map { step in
                    let time = count == 1 ? 0 : Double(step) * (Double(total - 1) / Double(count - 1))
                    return Int(time.rounded(.toNearestOrEven))
                }
            }
        precondition(
            timesteps.allSatisfy { (0..<total).contains($0) },
            "\(count) steps with offset \(stepsOffset) leave the schedule of \(total)")
        return timesteps
    }

    /// The transition from a timestep of a run of `count` steps to the next.
    ///
    /// With η = 1 and Stable Diffusion's schedule the standard deviations run from 0.454 to 0.0206 over 50 steps.
    public func transition(at timestep: Int, count: Int, eta: Double) -> Transition {
        let previous = timestep - schedule.count / count
        return transition(
            at: timestep, alphaPrevious: previous >= 0 ? schedule.alphasCumprod[previous] : finalAlphaCumprod, eta: eta)
    }

    /// The transition from a timestep to the noise level ᾱ_{t-1}.
    func transition(at timestep: Int, alphaPrevious: Double, eta: Double) -> Transition {
        precondition((0...1).contains(eta), "η is \(eta), outside 0...1")
        let alpha = schedule.alphasCumprod[timestep]  // ᾱ_t
        let variance = eta * eta * (1 - alphaPrevious) / (1 - alpha) * (1 - alpha / alphaPrevious)  // formula (16)
        // Formula (12): the predicted clean sample, and the direction that points back to x_t.
        let clean = schedule.cleanSample(at: timestep, prediction: prediction)
        let noise = schedule.noise(at: timestep, prediction: prediction)
        let signal = alphaPrevious.squareRoot()
        let direction = max(1 - alphaPrevious - variance, 0).squareRoot()
        return Transition(
            timestep: Double(timestep),
            sampleScale: signal * clean.sample + direction * noise.sample,
            outputScale: signal * clean.other + direction * noise.other,
            standardDeviation: max(variance, 0).squareRoot())
    }

    /// The transitions of a run of `count` steps, most noisy first.
    public func transitions(_ count: Int, eta: Double) -> [Transition] {
        timesteps(count).map { transition(at: $0, count: count, eta: eta) }
    }
}
