/// What a round of an algorithm costs, in evaluations of the UNet for one picture at one timestep.
///
/// A guided prediction is two evaluations.
public struct UpdateCost: Codable, Hashable, Sendable {
    /// Forward passes that a gradient comes back through, and as many backward passes.
    public var trained = 0.0
    /// Forward passes of the base model.
    public var frozen = 0.0

    public init(trained: Double = 0, frozen: Double = 0) { (self.trained, self.frozen) = (trained, frozen) }
}

extension LearningRule {
    /// The cost of one update.
    ///
    /// - Parameters:
    ///   - samples: pictures of the round.
    ///   - steps: timesteps of a trajectory.
    ///   - isGuided: whether pictures are drawn with guidance.
    /// - Returns: evaluations of the UNet.
    public func cost(samples: Int, steps: Int, isGuided: Bool) -> UpdateCost {
        func evaluations(_ predictions: Double, guided: Bool = true) -> Double {
            predictions * (isGuided && guided ? 2 : 1)
        }
        switch self {
        case .trajectories(let rule):
            let terms: Double
            switch rule.batches {
            case .shares(_, let innerEpochs, let fraction):
                let trained = Double(min(rule.trainedSteps ?? steps, steps))
                terms = Double(samples * innerEpochs) * max(1, (trained * fraction).rounded())
            case .replay(_, let updates, let transitions): terms = Double(updates * transitions)
            }
            let passes = evaluations(terms, guided: rule.isGuided)
            return UpdateCost(trained: passes, frozen: rule.penalty == nil ? 0 : passes)
        case .denoising(let rule):
            let passes = evaluations(Double(rule.updates * rule.batch), guided: rule.isGuided)
            return UpdateCost(trained: passes, frozen: rule.basePenalty > 0 ? passes : 0)
        case .rewardGradient(let rule):
            return UpdateCost(
                trained: evaluations(Double(samples) * rule.truncation.meanSteps(of: steps, keptSteps: rule.keptSteps)))
        case .references(let rule):
            let passes = Double(2 * rule.updates * rule.batch)
            return UpdateCost(trained: passes, frozen: passes)
        }
    }
}

extension Truncation {
    /// The expected number of steps that are kept.
    func meanSteps(of steps: Int, keptSteps: Int) -> Double {
        switch self {
        case .full: Double(steps)
        case .fixed: Double(min(keptSteps, steps))
        case .uniformDepth, .everyStep: Double(steps) / 2
        // T - τ with τ about N(0.84 T, 0.1 T), cut at T and rounded down: 9.1 for T = 50.
        case .gaussian: max(1, 0.182 * Double(steps))
        }
    }
}
