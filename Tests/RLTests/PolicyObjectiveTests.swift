import Foundation
import RL
import Testing

@Suite struct PolicyObjectiveTests {
    private static let cases: [(shift: Double, advantage: Double)] = [
        (0, 1), (0, -1), (5e-4, 2), (-5e-4, 2), (5e-4, -2), (-5e-4, -2), (3e-3, 1), (-3e-3, 1), (3e-3, -1), (-3e-3, -1),
    ]

    @Test("the derivative of each loss is its central difference", arguments: cases)
    func derivativeIsCentralDifference(shift: Double, advantage: Double) {
        let objectives: [any PolicyObjective] = [
            ScoreFunctionObjective(), ClippedObjective(clipRange: 1.6e-3),
            ClampedObjective(clipRange: 1.6e-3, weight: 10),
        ]
        for objective in objectives {
            func loss(_ value: Double) -> Double {
                objective.term(logProbability: value, old: -1.2, advantage: advantage).loss
            }
            let (at, step) = (-1.2 + shift, 1e-6)
            let numerical = (loss(at + step) - loss(at - step)) / (2 * step)
            let term = objective.term(logProbability: at, old: -1.2, advantage: advantage)
            #expect(abs(term.derivative - numerical) < 2e-6 * max(1, abs(numerical)))
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

    /// algorithms.md 2.2: the clamp of DPOK's code is not PPO's.
    @Test("DPOK's clamp stops the gradient on both sides, whatever the sign of the advantage")
    func clampIsTwoSided() {
        let objective = ClampedObjective(clipRange: 1e-3, weight: 10)
        for shift in [2e-3, -2e-3] {
            for advantage in [1.0, -1] {
                let term = objective.term(logProbability: shift, old: 0, advantage: advantage)
                #expect(term.isClipped && term.derivative == 0)
            }
        }
        let inside = objective.term(logProbability: 5e-4, old: 0, advantage: 2)
        #expect(!inside.isClipped && abs(inside.derivative + 20 * exp(5e-4)) < 1e-12)
    }

    @Test(
        "the clip range follows the size of the latents: 1.64 / N", arguments: [(16_384, 1e-4), (1024, 1.6015625e-3)])
    func clipRangeFollowsLatents(elements: Int, range: Double) throws {
        for algorithm in [AlgorithmConfiguration(), try AlgorithmConfiguration(name: "dpok", preset: "paper")] {
            guard case .trajectories(let rule) = algorithm.algorithm.rule(latentElements: elements) else {
                Issue.record("no policy gradient")
                return
            }
            #expect(abs((rule.objective.ratioRange ?? 0) - range) < 2e-3 * range)
        }
    }
}
