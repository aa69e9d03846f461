import Foundation

/// The loss of one transition as a function of its log-probability.
///
/// The log-probability is the only way from the loss to the policy, so a value and a derivative are all that the update
/// loop needs.
public protocol PolicyObjective: Sendable {
    /// How far a ratio may be from 1 before the gradient stops; nil where nothing stops it.
    var ratioRange: Double? { get }

    /// The loss of one transition.
    ///
    /// - Parameters:
    ///   - logProbability: of the stored step, under the policy being updated.
    ///   - old: of the same step, under the policy that drew it.
    ///   - advantage: of the trajectory, already clipped.
    /// - Returns: the loss, to be minimised, and its derivative by `logProbability`.
    func term(logProbability: Double, old: Double, advantage: Double) -> PolicyTerm
}

/// The loss of one transition.
public struct PolicyTerm: Hashable, Sendable {
    public var loss: Double
    /// Derivative of the loss by the log-probability.
    public var derivative: Double
    /// Whether the clip stopped the gradient.
    public var isClipped: Bool
}

/// DDPO-SF, the score-function estimator: `-A · log π`.
///
/// Black et al., "Training Diffusion Models with Reinforcement Learning" (2024).
public struct ScoreFunctionObjective: PolicyObjective {
    public var ratioRange: Double? { nil }

    public init() {}

    public func term(logProbability: Double, old: Double, advantage: Double) -> PolicyTerm {
        PolicyTerm(loss: -advantage * logProbability, derivative: -advantage, isClipped: false)
    }
}

/// DDPO-IS, importance sampling under PPO's clip: `max(-A ρ, -A clip(ρ, 1-ε, 1+ε))` with `ρ = π / π_old`.
///
/// Black et al. (2024), with the surrogate of Schulman et al., "Proximal Policy Optimization Algorithms" (2017).
public struct ClippedObjective: PolicyObjective {
    public let clipRange: Double
    public var ratioRange: Double? { clipRange }

    public init(clipRange: Double) {
        precondition(clipRange > 0, "a clip range of \(clipRange)")
        self.clipRange = clipRange
    }

    public func term(logProbability: Double, old: Double, advantage: Double) -> PolicyTerm {
        let ratio = exp(logProbability - old)
        let clipped = min(max(ratio, 1 - clipRange), 1 + clipRange)
        let (free, bounded) = (-advantage * ratio, -advantage * clipped)
        guard bounded > free else { return PolicyTerm(loss: free, derivative: free, isClipped: false) }
        return PolicyTerm(loss: bounded, derivative: 0, isClipped: true)
    }
}

/// DPOK's loss: `-α A clamp(ρ, 1-ε, 1+ε)` with `ρ = π / π_old`.
///
/// Unlike PPO's there is no maximum with the free ratio: outside the clamp the gradient is zero on both sides. Fan et al.
/// (2023), by the authors' code.
public struct ClampedObjective: PolicyObjective {
    public let clipRange: Double
    public var ratioRange: Double? { clipRange }
    /// α, the weight of the reward.
    public let weight: Double

    public init(clipRange: Double, weight: Double) {
        precondition(clipRange > 0, "a clamp of \(clipRange)")
        (self.clipRange, self.weight) = (clipRange, weight)
    }

    public func term(logProbability: Double, old: Double, advantage: Double) -> PolicyTerm {
        let ratio = exp(logProbability - old)
        let clamped = min(max(ratio, 1 - clipRange), 1 + clipRange)
        let loss = -weight * advantage * clamped
        return PolicyTerm(loss: loss, derivative: ratio == clamped ? loss : 0, isClipped: ratio != clamped)
    }
}
