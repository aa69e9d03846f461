import Diffusion
import DiffusionPolicy
import Foundation
import NeuralNet
import RL
import TensorCore
import Testing

struct ExplorationTests {
    @Test(arguments: [
        ("a dog on the moon", ["dog", "moon"]), ("a green colored rabbit", ["green colored rabbit"]),
        ("a dolphin riding a bike", ["dolphin riding", "bike"]), ("a cat and a cat", ["cat"]), ("", []),
    ])
    func promptsAreCutAtFunctionWords(prompt: String, phrases: [String]) {
        #expect(Exploration.phrases(of: prompt) == phrases)
    }

    @Test func everyPictureHasItsOwnWeightsAndTheyCanBeDrawnAgain() {
        let exploration = Exploration(earlyGuidance: 1, threshold: 900, phraseWeight: 1.2)
        func weights(_ sample: Int) -> [Double] {
            exploration.weights(prompt: "a dog on the moon", seed: 1, unit: 2, sample: sample).map(\.weight)
        }
        #expect(weights(0) == weights(0))
        #expect(weights(0) != weights(1))
        #expect(weights(0).count == 2 && weights(0).allSatisfy { (1...1.2).contains($0) })
    }

    /// 50 steps, t = 981 … 1: algorithms.md 7.1.
    @Test(arguments: [(900.0, 5), (800, 10), (700, 15)])
    func thresholdsMeanAsManyStepsAsThePaperHas(threshold: Double, steps: Int) {
        let settings = SamplingSettings(
            steps: 50, guidance: 7.5, early: EarlyGuidance(scale: 1, above: threshold))
        let scales = (0..<50).map { settings.guidance(at: Double(981 - 20 * $0)) }
        #expect(scales.prefix(steps).allSatisfy { $0 == 1 } && scales.dropFirst(steps).allSatisfy { $0 == 7.5 })
    }

    @Test func onlyTheFirstRoundsExplore() {
        var exploration = Exploration()
        #expect(!exploration.isActive(inRound: 0, of: 20))
        exploration.share = 0.75
        #expect((0..<20).map { exploration.isActive(inRound: $0, of: 20) }.count { $0 } == 15)
        #expect(!exploration.isActive(inRound: 15, of: 20))
    }

    @Test("explored trajectories have ratio 1 before the first update, and only under their own guidance and weights")
    func behaviourIsRecomputed() throws {
        let base = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Shared/Menagerie/Base")
        let policy = try DiffusionPolicy(model: base, trains: .lora(LoRAConfiguration()), isTrainable: true)
        let exploration = Exploration(earlyGuidance: 1, threshold: 600, phraseWeight: 1.2)
        let settings = SamplingSettings(steps: 4, guidance: 3, eta: 1)
        let prompts = ["a red fox", "four wolves"]
        let rollout = policy.rollout(
            prompts: prompts, unit: 1, runSeed: 1, settings: settings, exploration: exploration
        ).rollout
        #expect(rollout.conditions.guidance == [1, 3, 3, 3])
        func drift(_ rollout: Rollout) -> Double {
            let update = policy.makeUpdate(AlgorithmConfiguration(), optimizer: still, seed: 1)
            return update.update(TrainingBatch(rollouts: [rollout], rewards: [[1, 0]])).ratioDrift
        }
        #expect(drift(rollout) < 1e-5)
        for exploration in [nil, Exploration(earlyGuidance: 1, threshold: 600, phraseWeight: 1)] {
            var other = rollout
            other.conditions = policy.conditions(
                prompts: prompts, unit: 1, runSeed: 1, settings: settings, exploration: exploration)
            #expect(drift(other) > 1e-4)
        }
    }

    /// An optimiser that leaves the policy as it is.
    private var still: OptimizerConfiguration {
        var configuration = OptimizerConfiguration()
        (configuration.learningRate, configuration.weightDecay) = (1e-30, 0)
        return configuration
    }
}
