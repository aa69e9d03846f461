import Foundation

/// AlignProp: the reward's derivative by the picture, carried back through the decoder and the last denoising steps.
///
/// Prabhudesai et al., "Aligning Text-to-Image Diffusion Models with Reward Backpropagation" (2023), with the settings of the
/// authors' two releases and of trl where the paper is silent.
public struct AlignProp: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable { case alignProp = "alignprop" }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// The paper: one uniform depth for each trajectory.
        case paper
        /// The authors' first release: a fresh draw at every step, loss 0.01 · |r - 10|, 2 updates an epoch.
        case firstRelease = "first-release"
        /// The authors' repository of 2024: a Gaussian depth for each call.
        case code
        /// trl's trainer: a fresh draw at every step, loss 10 - r.
        case trl
    }

    public var name = Name.alignProp
    public var preset: Preset
    /// Which steps the gradient reaches the network at.
    public var truncation = Truncation.gaussian
    /// How many of the last steps `truncation: fixed` keeps.
    public var keptSteps = 1
    /// The loss is `lossScale · mean |target - r|`, or `-lossScale · mean r` where there is no target.
    public var lossScale = 1.0
    /// The reward beyond which no more is wanted; `null` is none.
    ///
    /// The authors' aesthetic reward has 10.
    @OptionalSetting public var target: Double?
    /// Optimiser steps a round; each takes an equal share of the pictures.
    public var updatesPerRound = 2
    /// Pictures that run as one batch.
    public var microBatch = 8

    public init(name: Name = .alignProp, preset: Preset = .standard) {
        self.preset = preset
        switch preset {
        case .standard: break
        case .paper: truncation = .uniformDepth
        case .firstRelease: (truncation, lossScale, target) = (.everyStep, 0.01, 10)
        case .code: (lossScale, target, updatesPerRound) = (0.01, 10, 1)
        case .trl: (truncation, target, updatesPerRound) = (.everyStep, 10, 1)
        }
    }

    public var demands: AlgorithmDemands {
        var demands = AlgorithmDemands(payload: .trajectory)
        demands.needsRewardGradient = true
        return demands
    }

    public func rule(latentElements: Int) -> LearningRule {
        .rewardGradient(
            RewardGradientRule(
                truncation: truncation, keptSteps: keptSteps, lossScale: lossScale, target: target,
                updates: updatesPerRound, microBatch: microBatch))
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requirePositive(keptSteps, "keptSteps")
        try AlgorithmError.requirePositive(lossScale, "lossScale")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(microBatch, "microBatch")
    }
}

/// Which steps of a trajectory the gradient reaches the network at; the others pass it on by their linear part only.
///
/// Three rules of "random truncation" are in use; raw values name them.
public enum Truncation: String, Codable, CaseIterable, Sendable {
    /// All steps.
    case full
    /// A fixed number of the last steps.
    case fixed
    /// The last K steps of each trajectory, K uniform on 0…T: the paper.
    case uniformDepth = "uniform-depth"
    /// Step i, 0 the noisiest, where i ≥ u, with u uniform on 0…T drawn anew at every step: the first release, and trl.
    case everyStep = "every-step"
    /// The steps from τ on, one τ for all pictures of an update, drawn from N(0.84 T, 0.1 T) until 1 ≤ τ < T: the
    /// repository of 2024, which has N(42, 5) for T = 50.
    case gaussian

    /// Whether each picture's network is reached at each step, `[picture][step]`.
    public func draw(
        pictures: Int, steps: Int, keptSteps: Int, using generator: inout some RandomNumberGenerator
    ) -> [[Bool]] {
        func tail(_ count: Int) -> [Bool] { (0..<steps).map { $0 >= steps - count } }
        func all(_ kept: [Bool]) -> [[Bool]] { Array(repeating: kept, count: pictures) }
        switch self {
        case .full: return all(tail(steps))
        case .fixed: return all(tail(keptSteps))
        case .uniformDepth: return (0..<pictures).map { _ in tail(Int.random(in: 0...steps, using: &generator)) }
        case .everyStep: return all((0..<steps).map { $0 >= Int.random(in: 0...steps, using: &generator) })
        case .gaussian:
            guard steps > 1 else { return all([true]) }
            while true {
                let normal = Self.normal(using: &generator)
                let start = Int(0.84 * Double(steps) + 0.1 * Double(steps) * normal)
                if (1..<steps).contains(start) { return all(tail(steps - start)) }
            }
        }
    }

    /// A standard normal number: Marsaglia's polar method.
    private static func normal(using generator: inout some RandomNumberGenerator) -> Double {
        while true {
            let (x, y) = (Double.random(in: -1...1, using: &generator), Double.random(in: -1...1, using: &generator))
            let square = x * x + y * y
            if square > 0, square < 1 { return x * (-2 * log(square) / square).squareRoot() }
        }
    }
}

/// How an algorithm learns from the reward's derivative, a value.
public struct RewardGradientRule: Sendable {
    public var truncation: Truncation
    public var keptSteps: Int
    public var lossScale: Double
    public var target: Double?
    /// Optimiser steps a round.
    public var updates: Int
    /// Pictures that run as one batch.
    public var microBatch: Int

    public init(
        truncation: Truncation, keptSteps: Int, lossScale: Double, target: Double?, updates: Int, microBatch: Int
    ) {
        self.truncation = truncation
        self.keptSteps = keptSteps
        self.lossScale = lossScale
        self.target = target
        self.updates = updates
        self.microBatch = microBatch
    }

    /// The loss of a picture and its derivative by the reward.
    public func loss(of reward: Double) -> (value: Double, derivative: Double) {
        guard let target else { return (-lossScale * reward, -lossScale) }
        return (lossScale * abs(target - reward), reward < target ? -lossScale : reward > target ? lossScale : 0)
    }
}
