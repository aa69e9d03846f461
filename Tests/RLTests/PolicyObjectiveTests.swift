import Foundation
import RL
import Testing

@Suite struct PolicyObjectiveTests {
    private static let cases: [(shift: Double, advantage: Double)] = [
        (0, 1), (0, -1), (5e-4, 2), (-5e-4, 2), (5e-4, -2), (-5e-4, -2), (3e-3, 1), (-3e-3, 1), (3e-3, -1), (-3e-3, -1),
    ]

    @Test("the derivative of each loss is its central difference", arguments: cases)
    func derivativeIsCentralDifference(shift: Double, advantage: Double) {
        let objectives: [any PolicyObjective] = [ScoreFunctionObjective(), ClippedObjective(clipRange: 1.6e-3)]
        for objective in objectives {
            func loss(_ value: Double) -> Double {
                objective.term(logProbability: value, old: -1.2, advantage: advantage).loss
            }
            let (at, step) = (-1.2 + shift, 1e-6)
            let numerical = (loss(at + step) - loss(at - step)) / (2 * step)
            let term = objective.term(logProbability: at, old: -1.2, advantage: advantage)
            #expect(abs(term.derivative - numerical) < 1e-6 * max(1, abs(numerical)))
        }
    }

    /// PPO's clip binds only where the ratio has already moved the way the advantage asks; DPOK's would bind on both sides.
    @Test("the clip stops the gradient only where the policy has moved far enough the right way")
    func clipIsOneSided() {
        let objective = ClippedObjective(clipRange: 1e-3)
        func isClipped(_ shift: Double, _ advantage: Double) -> Bool {
            objective.term(logProbability: shift, old: 0, advantage: advantage).isClipped
        }
        #expect(isClipped(2e-3, 1))
        #expect(isClipped(-2e-3, -1))
        #expect(!isClipped(-2e-3, 1))
        #expect(!isClipped(2e-3, -1))
        #expect(!isClipped(5e-4, 1))
    }

    @Test("the clip range follows the size of the latents: 1.64 / N")
    func clipRangeFollowsLatents() throws {
        let objective = AlgorithmConfiguration().makeObjective(latentElements: 1024)
        let clipped = try #require(objective as? ClippedObjective)
        #expect(abs(clipped.clipRange - 1.64 / 1024) < 1e-12)
    }
}
