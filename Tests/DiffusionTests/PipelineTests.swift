import Foundation
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// Whole pipelines of the three families against diffusers (`Tests/Fixtures/pipelines/make_pipelines.py`).
struct PipelineTests {
    static let families = ["sd15", "sd21", "sdxl"]

    @Test(arguments: families, ["own", "ddim"])
    func drawsDiffusersPicture(_ family: String, _ scheduler: String) throws {
        let fixture = try GoldenFixture("pipelines/\(family)")
        let model = try StableDiffusion(folder: fixture.url)
        let plan = try model.samplers.plan(scheduler == "own" ? model.samplers.method : .ddim, count: 20, eta: 0)
        let text = model.encode(prompts: ["a green rabbit on the moon"])
        for (negative, key) in [(nil, scheduler), ("blue dog", "\(scheduler).negative")] {
            let latents = model.sample(
                from: try fixture.image("latents"), plan: plan, text: text,
                unconditional: model.unconditional(negative),
                guidance: 5, drawn: { Noise(seed: 0, sample: $0, step: $1, purpose: .transition) })
            let pixels = model.decode(latents).scalars.map { min(max($0 / 2 + 0.5, 0), 1) }
            let picture = Tensor(pixels, shape: [1, 16, 24, 3])
            let golden = try fixture.image(key)
            let difference = zip(picture.scalars, golden.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference < 1 / 255, "\(family), \(key): \(difference * 255) of 255")
        }
    }

    @Test(arguments: families) func readsWhatDiffusersSaved(_ family: String) throws {
        let fixture = try GoldenFixture("pipelines/\(family)")
        let model = try StableDiffusion(folder: fixture.url)
        #expect((model.prompts.second != nil) == (family == "sdxl"))
        #expect(model.prompts.hasZerosForNoPrompt == (family == "sdxl"))
        #expect(model.samplers.method == ["sd15": .pndm, "sd21": .ddim, "sdxl": .euler][family])
        #expect(model.prompts.first.length == 16)
    }

    @Test func drawsEachSampleAsIfItWereAlone() throws {
        let fixture = try GoldenFixture("pipelines/sdxl")
        let model = try StableDiffusion(folder: fixture.url)
        let plan = try model.samplers.plan(.eulerAncestral, count: 3, eta: 0)
        let text = model.encode(prompts: ["a cat", "two dogs"])
        let one = try fixture.image("latents")
        let both = model.sample(
            from: .concatenating([one, one]), plan: plan, text: text, unconditional: model.unconditional(), guidance: 2,
            drawn: { Noise(seed: 3, sample: $0, step: $1, purpose: .transition) })
        let second = model.sample(
            from: one, plan: plan, text: text[rows: 1..<2], unconditional: model.unconditional(), guidance: 2,
            drawn: { Noise(seed: 3, sample: $0 + 1, step: $1, purpose: .transition) })
        expectClose(both[rows: 1..<2], second, tolerance: 1e-5)
    }
}
