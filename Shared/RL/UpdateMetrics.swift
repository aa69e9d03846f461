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
    /// Half-width of the clip range; nil where nothing is clipped.
    public var clipRange: Double?
    public var advantageDeviation: Double?
    /// Kullback-Leibler divergence of a whole trajectory from the base model, in nats, before the update: the sum over the
    /// steps of `κ_t |ε̂ - ε̂_base|²`, estimated from some of them.
    public var pathKL: Double?
    /// Mean of `mean((ε̂ - ε̂_base)²)` over what the divergence penalty saw.
    public var baseDivergence: Double?
    /// Mean squared error of the value network before its step.
    public var valueLoss: Double?
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
        baseDivergence = baseDivergence.map { $0 / terms }
        gradientNorm /= updates
    }
}
