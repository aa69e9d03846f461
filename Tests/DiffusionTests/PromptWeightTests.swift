import Foundation
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// Prompts some of whose words weigh more or less (`Tests/Fixtures/prompt_weights/make_prompt_weights.py`).
struct PromptWeightTests {
    private static let prompt = "a green rabbit on the moon"

    private func encoder(_ family: String) throws -> PromptEncoder {
        try StableDiffusion(folder: try GoldenFixture("pipelines/\(family)").url).prompts
    }

    @Test(arguments: ["sd15", "sdxl"]) func areWhatCompelMakesOfThem(_ family: String) throws {
        let fixture = try GoldenFixture("prompt_weights")
        let states = try encoder(family).weighted(
            Self.prompt,
            [
                [WeightedPhrase("green rabbit", weight: 1.3), WeightedPhrase("moon", weight: 1.15)],
                [WeightedPhrase("moon", weight: 0.25)],
            ])
        expectClose(states.context[rows: 0..<1], try fixture.tensor("\(family).stressed"), tolerance: 1e-5, "stressed")
        expectClose(states.context[rows: 1..<2], try fixture.tensor("\(family).lessened"), tolerance: 1e-5, "lessened")
        if let pooled = states.pooled {
            expectClose(pooled[rows: 0..<1], try fixture.tensor("\(family).pooled"), tolerance: 1e-5, "pooled")
        }
    }

    @Test func weightOneChangesNothingAndWeightsOfAWordMultiply() throws {
        let prompts = try encoder("sd15")
        let plain = prompts([Self.prompt]).context
        let states = try prompts.weighted(
            Self.prompt,
            [
                [], [WeightedPhrase("green", weight: 1)],
                [WeightedPhrase("a green rabbit", weight: 2), WeightedPhrase("green rabbit on", weight: 0.5)],
                [WeightedPhrase("a", weight: 2), WeightedPhrase("on", weight: 0.5)],
            ]
        ).context
        #expect(states[rows: 0..<1].scalars == plain.scalars)
        #expect(states[rows: 1..<2].scalars == plain.scalars)
        #expect(states[rows: 2..<3].scalars == states[rows: 3..<4].scalars)
        #expect(states[rows: 2..<3].scalars != plain.scalars)
    }

    @Test func aPhraseIsWordsNotLetters() throws {
        let prompts = try encoder("sd15")
        for absent in ["rab", "it", "rabbit green", "", "blue"] {
            let error = try #require(throws: ModelError.self) {
                try prompts.weighted(Self.prompt, [[WeightedPhrase(absent, weight: 2)]])
            }
            #expect(error.description.contains("'\(absent)'"), "\(error)")
        }
    }

    @Test func whatIsCutOffHasNoWeight() throws {
        let prompts = try encoder("sd15")
        let long = [String](repeating: "a moon", count: 20).joined(separator: " ") + " rabbit"
        let states = try prompts.weighted(long, [[WeightedPhrase("rabbit", weight: 3)]])
        #expect(states.context.scalars == prompts([long]).context.scalars)
    }
}
