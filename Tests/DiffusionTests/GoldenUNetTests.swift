import Autograd
import Foundation
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// Whole UNets against diffusers and peft (`Tests/Fixtures/unet/make_unet.py`).
struct GoldenUNetTests {
    static let models = ["convolution", "linear", "groups", "added", "odd"]
    static let adapted = ["convolution", "linear"]

    private func makeUNet(_ fixture: GoldenFixture, _ store: ParameterStore) throws -> UNet {
        let configuration = try ModelFolder(url: fixture.url).configuration(
            UNetConfiguration.self, options: UNetConfiguration.options)
        return try UNet(configuration, store.root)
    }

    private func run(
        _ unet: UNet, _ fixture: GoldenFixture, sample: Variable, recompute: Bool = false
    ) throws -> Variable {
        var added: UNet.AddedConditions?
        if fixture.keys.contains("time_ids") {
            let sizes = try fixture.tensor("time_ids")
            added = UNet.AddedConditions(
                textEmbeddings: Variable(try fixture.tensor("text_embeds")),
                timeIDs: (0..<sizes.shape[0]).map { sizes[$0].scalars })
        }
        return unet(
            sample, timesteps: try fixture.integers("timestep")[0].map(Float.init),
            context: TextContext(Variable(try fixture.tensor("encoder_hidden_states"))), added: added,
            recompute: recompute)
    }

    /// `mean((output - target)²)` and its gradients.
    private func runBackward(_ output: Variable, _ fixture: GoldenFixture, loss key: String) throws {
        let loss = output.meanSquare(try fixture.image("target"))
        expectClose(loss.value, try fixture.tensor(key), tolerance: 1e-5, key)
        backward(loss)
    }

    @Test(arguments: models) func predictsAsDiffusersDoes(_ name: String) throws {
        let fixture = try GoldenFixture("unet/\(name)")
        let unet = try makeUNet(fixture, try fixture.store("diffusion_pytorch_model", trainable: false))
        let output = try run(unet, fixture, sample: Variable(try fixture.image("sample")))
        expectClose(output.value.toNCHW(), try fixture.tensor("output"), tolerance: 1e-5, name)
        #expect(!output.requiresGradient)
    }

    /// The distance of PyTorch's own bf16 from these numbers is 1.2e-2 to 2.0e-2 by autocast (`Tests/Benchmarks/RESULTS.md`).
    @Test(
        .enabled(if: ComputePrecision.bf16.supported == .bf16, "this processor has no bf16 instructions"),
        arguments: models)
    func predictsInHalfThePrecisionAsWellAsPyTorchDoes(_ name: String) throws {
        let fixture = try GoldenFixture("unet/\(name)")
        let store = try fixture.store("diffusion_pytorch_model", trainable: false, precision: .bf16)
        let unet = try makeUNet(fixture, store)
        let ours = try run(unet, fixture, sample: Variable(try fixture.image("sample"))).value.toNCHW()
        let exact = try fixture.tensor("output")
        let distance = (ours.combined(1, exact, -1).sumOfSquares / exact.sumOfSquares).squareRoot()
        #expect(distance > 1e-4 && distance < 2e-2, "\(name): \(distance)")
    }

    @Test(arguments: models, [false, true])
    func givesPyTorchsGradientOfEveryWeight(_ name: String, recompute: Bool) throws {
        let fixture = try GoldenFixture("unet/\(name)")
        let store = try fixture.store("diffusion_pytorch_model")
        let unet = try makeUNet(fixture, store)
        let sample = Variable(try fixture.image("sample"), requiresGradient: true)
        try runBackward(try run(unet, fixture, sample: sample, recompute: recompute), fixture, loss: "loss")
        expectClose(
            try #require(sample.gradient).toNCHW(), try fixture.tensor("gradient.sample"), "gradient of the sample")
        try fixture.checkGradients(store.parameters)
    }

    @Test(arguments: adapted, [false, true])
    func givesPEFTsAdapterAndItsGradients(_ name: String, recompute: Bool) throws {
        let fixture = try GoldenFixture("unet/\(name)")
        var lora = LoRAConfiguration()
        (lora.rank, lora.alpha) = (4, 6)  // adapter_config.json
        let store = try fixture.store("diffusion_pytorch_model", trainable: false, lora: lora)
        let unet = try makeUNet(fixture, store)
        let adapter = try SafeTensorsArchive(
            path: fixture.url.appendingPathComponent("adapter/adapter_model.safetensors").path)
        #expect(store.adapter.map { "base_model.model.\($0.path)" }.sorted() == adapter.keys)
        for (path, variable) in store.adapter {
            let value = try adapter.tensor(named: "base_model.model.\(path)")
            #expect(value.shape == variable.shape, "\(path)")
            variable.value = value
        }
        let sample = Variable(try fixture.image("sample"))
        let output = try run(unet, fixture, sample: sample, recompute: recompute)
        expectClose(output.value.toNCHW(), try fixture.tensor("adapter.output"), tolerance: 1e-5, name)
        try runBackward(output, fixture, loss: "adapter.loss")
        for (path, variable) in store.adapter {
            let gradient = try #require(variable.gradient, "\(path)")
            expectClose(gradient, try fixture.tensor("adapter.gradient.\(path)"), path)
        }
        #expect(store.parameters.allSatisfy { $0.variable.gradient == nil })
    }

    /// Of adapters on all kinds of layers, one UNet of each family (`make_adapted.py`).
    @Test(arguments: ["convolution", "linear", "added"], [false, true])
    func givesPEFTsGradientsOnAllKindsOfLayers(_ name: String, recompute: Bool) throws {
        let fixture = try GoldenFixture("unet/\(name)")
        var lora = LoRAConfiguration()
        (lora.rank, lora.alpha) = (2, 3)
        lora.targetModules = [
            "to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "conv1", "conv2",
            "conv_shortcut", "time_emb_proj", "downsamplers.0.conv", "upsamplers.0.conv",
        ]
        let store = try fixture.store("diffusion_pytorch_model", trainable: false, lora: lora)
        let unet = try makeUNet(fixture, store)
        #expect(lora.unmatchedTarget(among: store.adapter.map(\.path)) == nil)
        for (number, (path, variable)) in store.adapter.sorted(by: { $0.path < $1.path }).enumerated() {
            let width = variable.shape.dropFirst().reduce(1, *)
            let scale = path.hasSuffix("lora_B.weight") ? 0.05 : 1 / Double(width).squareRoot()
            variable.value = Tensor(
                (0..<variable.value.count).map { Float(scale * cos(1.3 * Double($0) + Double(number))) },
                shape: variable.shape)
        }
        let output = try run(unet, fixture, sample: Variable(try fixture.image("sample")), recompute: recompute)
        let loss = output.meanSquare(try fixture.image("target"))
        backward(loss)
        let expected = try fixture.digests("adapted.json")
        #expect(abs(Double(loss.value.scalar(0)) - (expected["loss"]?[0] ?? 0)) < 1e-5)
        try fixture.checkGradients(store.adapter, in: "adapted.json", others: 1)
    }

    @Test func readsEveryParameterOfTheCheckpoint() throws {
        for name in Self.models {
            let fixture = try GoldenFixture("unet/\(name)")
            let store = try fixture.store("diffusion_pytorch_model")
            _ = try makeUNet(fixture, store)
            let archive = try SafeTensorsArchive(folder: fixture.url.path)
            #expect(store.parameters.map(\.path).sorted() == archive.keys, "\(name)")
        }
    }
}
