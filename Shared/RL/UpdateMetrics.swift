/// What one round's update did.
public struct UpdateMetrics: Codable, Hashable, Sendable {
    /// Mean loss of a transition, or of a picture.
    public var loss = 0.0
    /// `½ · mean((log π - log π_old)²)`, as DDPO's code reports it.
    public var approximateKL = 0.0
    /// Share of transitions whose gradient the clip stopped.
    public var clipFraction = 0.0
    /// Mean gradient norm before clipping.
    public var gradientNorm = 0.0
    /// Largest `|ρ - 1|` before the first optimiser step: 0 up to rounding, unless sampler and learner disagree.
    public var ratioDrift = 0.0
    public var advantageDeviation = 0.0
    /// Mean of `mean((ε̂ - ε̂_base)²)` over what the divergence penalty saw; 0 without one.
    public var baseDivergence = 0.0
    /// Mean squared error of the value network before its step; 0 without one.
    public var valueLoss = 0.0
    /// Optimiser steps taken.
    public var updates = 0
    /// Transitions, or pictures, that the loss was taken of.
    public var terms = 0

    public init() {}

    /// Turns sums over terms and updates into means.
    public mutating func average() {
        let (terms, updates) = (Double(max(terms, 1)), Double(max(updates, 1)))
        loss /= terms
        approximateKL /= terms
        clipFraction /= terms
        baseDivergence /= terms
        gradientNorm /= updates
    }
}
