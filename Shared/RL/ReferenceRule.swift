import Foundation

/// How an algorithm learns a subject from reference pictures, beside pictures that the base model drew; a value.
///
/// The loss of a pair of a reference and a generated picture, each with its own timestep and noise, is
/// `similarity · e(ref) + prior · e(gen) + preference · L_pref`, with `e` the mean squared error of the prediction.
public struct ReferenceRule: Hashable, Sendable {
    /// Weight of the references' denoising loss (RPO's L_sim).
    public var similarity = 1.0
    /// Weight of the generated pictures' denoising loss (DreamBooth's prior preservation).
    public var prior = 0.0
    /// Weight of the preference loss.
    public var preference = 0.0
    /// β of the preference loss.
    public var beta = 1.0
    /// What the references are called.
    public var instancePrompt: String
    /// Whether a reference is denoised under its generated partner's prompt instead.
    public var sharesPrompt = false
    /// Optimiser steps a round.
    public var updates: Int
    /// Pairs of one optimiser step.
    public var batch: Int

    public init(instancePrompt: String, updates: Int, batch: Int) {
        (self.instancePrompt, self.updates, self.batch) = (instancePrompt, updates, batch)
    }
}

/// RPO's preference loss: that the policy denoises the preferred picture of a pair better than the base model does.
///
/// `ℓ = (e_base(ref) - e(ref)) - (e_base(gen) - e(gen))`, `L = -[y ln σ(βℓ) + (1-y) ln σ(-βℓ)]`. Miao et al., "Subject-driven
/// Text-to-Image Generation via Preference-based Reinforcement Learning" (2024), section 4.
public struct PreferenceLoss: Hashable, Sendable {
    /// Errors of a reference and of its generated partner.
    public struct Errors: Hashable, Sendable {
        public var reference: Double
        public var generated: Double

        public init(reference: Double, generated: Double) {
            (self.reference, self.generated) = (reference, generated)
        }
    }

    public let value: Double
    /// By the policy's error on the reference; by that on the generated picture it is the negative.
    public let derivative: Double

    /// - Parameters:
    ///   - errors: of the policy.
    ///   - base: of the base model.
    ///   - isReferencePreferred: the label y.
    ///   - beta: β, which scales the margin.
    public init(_ errors: Errors, base: Errors, isReferencePreferred: Bool, beta: Double) {
        let margin =
            beta * ((base.reference - errors.reference) - (base.generated - errors.generated))
        // ln σ(x) without overflow on either side.
        func logSigmoid(_ x: Double) -> Double { min(x, 0) - log(1 + exp(-abs(x))) }
        value = -logSigmoid(isReferencePreferred ? margin : -margin)
        let share = exp(logSigmoid(margin))
        derivative = -beta * (share - (isReferencePreferred ? 1 : 0))
    }

    /// The probability that the reference is preferred: `σ(r_ref - r_gen)`.
    public static func probability(reference: Double, generated: Double) -> Double {
        1 / (1 + exp(generated - reference))
    }
}
