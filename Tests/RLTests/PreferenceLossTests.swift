import Foundation
import RL
import Testing

struct PreferenceLossTests {
    private let base = PreferenceLoss.Errors(reference: 0.15, generated: 0.20)

    private func loss(_ errors: PreferenceLoss.Errors, _ label: Bool, beta: Double = 1) -> PreferenceLoss {
        PreferenceLoss(errors, base: base, isReferencePreferred: label, beta: beta)
    }

    /// The values of algorithms.md 6.3: with L_sim = 0.10 the whole loss is 0.75875956 or 0.82875955.
    @Test(arguments: [(true, 0.75875956), (false, 0.82875955)])
    func hasTheGoldenValues(label: Bool, value: Double) {
        let errors = PreferenceLoss.Errors(reference: 0.10, generated: 0.22)
        #expect(abs(0.10 + loss(errors, label).value - value) < 2e-8)
    }

    @Test(arguments: [true, false])
    func theDerivativeIsTheCentralDifference(label: Bool) {
        let (reference, generated, step) = (0.3, 0.1, 1e-5)
        func value(_ first: Double, _ second: Double) -> Double {
            loss(.init(reference: first, generated: second), label, beta: 5).value
        }
        let derivative = loss(.init(reference: reference, generated: generated), label, beta: 5).derivative
        let first = (value(reference + step, generated) - value(reference - step, generated)) / (2 * step)
        let second = (value(reference, generated + step) - value(reference, generated - step)) / (2 * step)
        #expect(abs(first - derivative) < 1e-8 && abs(second + derivative) < 1e-8)
    }

    @Test func farBeyondTheMarginNothingOverflows() {
        let wide = PreferenceLoss(
            .init(reference: 1e6, generated: 0), base: base, isReferencePreferred: true, beta: 1)
        #expect(wide.value.isFinite && wide.value > 9e5 && abs(wide.derivative - 1) < 1e-12)
    }

    @Test func labelsFollowTheRewards() {
        #expect(PreferenceLoss.probability(reference: 1, generated: 1) == 0.5)
        #expect(abs(PreferenceLoss.probability(reference: 2, generated: 0) - 0.8807970779778823) < 1e-12)
    }
}
