import DiffusionPolicy
import Foundation
import NeuralNet
import RL
import TensorCore
import Testing

// The example of Shared/RL/README.md, from here
/// The better half of each prompt's pictures is denoised, round after round.
struct TopHalf: Algorithm {
    enum Name: String, Codable, CaseIterable, Sendable { case topHalf = "top-half" }
    enum Preset: String, Codable, CaseIterable, Sendable { case standard }

    var name = Name.topHalf
    var preset: Preset
    /// Optimiser steps a round.
    var updatesPerRound = 8

    init(name: Name = .topHalf, preset: Preset = .standard) { self.preset = preset }

    var demands: AlgorithmDemands { AlgorithmDemands(payload: .finalLatent) }

    func rule(latentElements: Int) -> LearningRule {
        .denoising(
            DenoisingRule(
                source: .round, weighting: .quantile(0.5, perPrompt: true), isGuided: true, updates: updatesPerRound,
                batch: 32, microBatch: 32))
    }

    func validate() throws(AlgorithmError) {
        guard updatesPerRound > 0 else { throw AlgorithmError("updatesPerRound", "\(updatesPerRound) is not positive") }
    }
}
// to here

struct NewAlgorithmTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func theReadmesExampleIsTheOneAbove() throws {
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let example = try #require(
            source.components(separatedBy: "from here\n").dropFirst().first?.components(separatedBy: "// to here").first
        )
        let readme = try String(contentsOf: Self.root.appending(path: "Shared/RL/README.md"), encoding: .utf8)
        #expect(readme.contains("```swift\n\(example)```"))
    }

    @Test func theExampleLearns() throws {
        let policy = try DiffusionPolicy(
            model: Self.root.appending(path: "Shared/Menagerie/Base"), trains: .lora(LoRAConfiguration()),
            isTrainable: true)
        let rollout = policy.rollout(
            prompts: ["a cat", "a cat"], unit: 1, runSeed: 1, settings: .init(steps: 2, guidance: 2),
            payload: .finalLatent
        ).rollout
        var algorithm = TopHalf()
        algorithm.updatesPerRound = 2
        let before = policy.weights.bytes()
        let update = policy.makeUpdate(algorithm, optimizer: OptimizerConfiguration(), seed: 1)
        #expect(update.update(TrainingBatch(rollouts: [rollout], rewards: [[0, 1]])).updates == 2)
        #expect(policy.weights.bytes() != before)
    }
}
