import RL
import Testing

/// The costs of algorithms.md 1.7: 50 steps, with guidance.
struct UpdateCostTests {
    private func cost(_ algorithm: AlgorithmConfiguration, samples: Int) -> UpdateCost {
        algorithm.algorithm.rule(latentElements: 16_384).cost(samples: samples, steps: 50, isGuided: true)
    }

    @Test func ddpoTrainsEveryStepOfEveryPicture() {
        #expect(cost(AlgorithmConfiguration(), samples: 1) == UpdateCost(trained: 100))
    }

    @Test func dpokTrains24TransitionsForEachQuery() throws {
        let round = cost(try AlgorithmConfiguration(name: "dpok", preset: "code"), samples: 10)
        #expect(round == UpdateCost(trained: 480, frozen: 480))
    }

    @Test(arguments: [(Truncation.fixed, 2.0), (.uniformDepth, 50), (.everyStep, 50), (.gaussian, 18.2), (.full, 100)])
    func alignPropPaysForTheStepsThatItKeeps(rule: Truncation, passes: Double) {
        var settings = AlignProp()
        settings.truncation = rule
        #expect(abs(cost(.alignProp(settings), samples: 1).trained - passes) < 1e-9)
    }

    @Test func rpoPaysForBothPicturesOfAPairAndTheBaseModel() {
        var settings = RPO()
        (settings.updatesPerRound, settings.batch) = (400, 1)
        #expect(cost(.rpo(settings), samples: 1) == UpdateCost(trained: 800, frozen: 800))
    }
}
