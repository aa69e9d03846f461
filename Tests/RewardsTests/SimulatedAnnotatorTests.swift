import Rewards
import TensorCore
import Testing

/// Annotators who agree as far as they are asked to.
struct SimulatedAnnotatorTests {
    @Test(arguments: [(0.63, 0.47), (0.68, 0.43), (0.28, 0.39)])
    func theyAgreeAsPeopleDid(agreement: Double, positiveRate: Double) throws {
        let annotators = SimulatedAnnotators(agreement: agreement, positiveRate: positiveRate)
        var generator = Noise(seed: 3, purpose: .experiment).makeGenerator()
        let labels = (0..<20000).map { annotators.labels(Double($0) < positiveRate * 20000, using: &generator) }
        #expect(abs(try #require(SimulatedAnnotators.agreement(labels)) - agreement) < 0.02)
    }

    /// Two raters agree on two of three pictures, and half of all votes are yes.
    @Test func agreementIsFleissKappa() throws {
        let kappa = try #require(SimulatedAnnotators.agreement([[1, 1], [0, 0], [1, 0]]))
        #expect(abs(kappa - (2.0 / 3 - 0.5) / 0.5) < 1e-12)
        #expect(SimulatedAnnotators.agreement([[1, 1], [1, 1]]) == nil)
    }
}
