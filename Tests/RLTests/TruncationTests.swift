import RL
import TensorCore
import Testing

struct TruncationTests {
    private func kept(_ rule: Truncation, pictures: Int = 1, draws: Int = 4000) -> [[Bool]] {
        var generator = Noise(seed: 1, purpose: .experiment).makeGenerator()
        return (0..<draws).flatMap { _ in rule.draw(pictures: pictures, steps: 50, keptSteps: 1, using: &generator) }
    }

    /// The expected number of steps of algorithms.md 4.2; tolerances are five standard errors.
    @Test(arguments: [
        (Truncation.full, 50.0, 0.0), (.fixed, 1, 0), (.uniformDepth, 25, 1.2), (.everyStep, 25, 0.25),
        (.gaussian, 9.1, 0.4),
    ])
    func keepsAsManyStepsAsItsRuleSays(rule: Truncation, mean: Double, tolerance: Double) {
        let draws = kept(rule)
        let measured = Double(draws.reduce(0) { $0 + $1.count { $0 } }) / Double(draws.count)
        #expect(abs(measured - mean) <= tolerance, "\(measured)")
    }

    @Test func onlyTheRuleOfEveryStepLeavesGaps() {
        func hasGaps(_ kept: [Bool]) -> Bool { kept.firstIndex(of: true).map { kept[$0...].contains(false) } ?? false }
        #expect(kept(.everyStep).contains(where: hasGaps))
        for rule in [Truncation.uniformDepth, .gaussian, .fixed] { #expect(!kept(rule).contains(where: hasGaps)) }
    }

    @Test func thePaperDrawsADepthForEachTrajectoryAndTheOthersOneForAll() {
        #expect(Set(kept(.uniformDepth, pictures: 20, draws: 1)).count > 5)
        for rule in [Truncation.everyStep, .gaussian] { #expect(Set(kept(rule, pictures: 20, draws: 1)).count == 1) }
    }

    @Test func theLossPointsAtTheTarget() {
        let rule = RewardGradientRule(
            truncation: .full, keptSteps: 1, lossScale: 0.01, target: 10, updates: 1, microBatch: 1)
        #expect(rule.loss(of: 4) == (0.06, -0.01) && rule.loss(of: 12).derivative == 0.01)
        let free = RewardGradientRule(
            truncation: .full, keptSteps: 1, lossScale: 2, target: nil, updates: 1, microBatch: 1)
        #expect(free.loss(of: 4) == (-8, -2))
    }
}
