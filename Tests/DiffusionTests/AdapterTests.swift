import Autograd
import Foundation
import TensorCore
import Testing

@testable import Diffusion
@testable import NeuralNet

/// Adapters in three formats against diffusers and peft (`Tests/Fixtures/adapters/make_adapters.py`).
struct AdapterTests {
    private let fixture: GoldenFixture
    private let pipeline: URL

    init() throws {
        fixture = try GoldenFixture("adapters")
        pipeline = try GoldenFixture("pipelines/sd15").url
    }

    private func expectTuned(_ set: AdapterSet, _ what: String) throws {
        var options = LoadingOptions()
        options.adapters = set.deltas()
        let (unet, _) = try StableDiffusion.loadUNet(pipeline.appending(path: "unet"), options: options)
        let output = unet(
            Variable(try fixture.image("sample")), timesteps: [500, 500],
            context: TextContext(Variable(try fixture.tensor("encoder_hidden_states"))))
        expectClose(output.value.toNCHW(), try fixture.tensor("sample.tuned"), tolerance: 1e-5, "\(what), unet")
        let text = try StableDiffusion.loadTextEncoder(pipeline.appending(path: "text_encoder"), options: options)
        let states = text(try fixture.integers("input_ids")).lastHiddenState.value
        expectClose(states, try fixture.tensor("states.tuned"), tolerance: 1e-5, "\(what), text encoder")
    }

    @Test func appliesWhatDiffusersSaved() throws {
        let set = try AdapterSet(path: fixture.url.path)
        #expect(set.format == .diffusers)
        #expect(set.ranks == [2, 3])
        try expectTuned(set, "diffusers")
    }

    @Test(arguments: AdapterFormat.allCases) func keepsItsMeaningInEveryFormat(_ format: AdapterFormat) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let set = try AdapterSet(path: fixture.url.path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let target = folder.appending(path: format == .peft ? "peft" : "adapter.safetensors").path
        try set.write(format, to: target)
        let read = try AdapterSet(path: target)
        #expect(read.format == format)
        #expect(read.components.mapValues(\.count) == set.components.mapValues(\.count))
        try expectTuned(read, format.rawValue)
    }

    @Test func mergesIntoACheckpointThatNeedsNoAdapterThen() throws {
        let target = FileManager.default.temporaryDirectory.appending(path: "merged-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: target) }
        try CheckpointMerging(source: pipeline, elementType: .f32).write(
            try AdapterSet(path: fixture.url.path), factor: 1, to: target)
        let (unet, _) = try StableDiffusion.loadUNet(target.appending(path: "unet"))
        let output = unet(
            Variable(try fixture.image("sample")), timesteps: [500, 500],
            context: TextContext(Variable(try fixture.tensor("encoder_hidden_states"))))
        expectClose(output.value.toNCHW(), try fixture.tensor("sample.tuned"), tolerance: 1e-5)
        #expect(try CheckpointReport(folder: target).firstFault == nil)
    }

    @Test func namesTheLayerOfAnotherModel() throws {
        var options = LoadingOptions()
        options.adapters = try AdapterSet(path: fixture.url.path).deltas()
        let other = try GoldenFixture("pipelines/sdxl").url.appending(path: "unet")
        let error = #expect(throws: ParameterError.self) { try StableDiffusion.loadUNet(other, options: options) }
        #expect(error?.path == fixture.url.path)
        #expect(error?.reason.contains("layer '") == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (
            "input_blocks_4_1_transformer_blocks_0_attn1_to_q",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
        ),
        ("middle_block_1_proj_in", "mid_block.attentions.0.proj_in"),
        (
            "output_blocks_5_1_transformer_blocks_9_ff_net_0_proj",
            "up_blocks.1.attentions.2.transformer_blocks.9.ff.net.0.proj"
        ),
        ("input_blocks_7_0_in_layers_2", "down_blocks.2.resnets.0.conv1"),
        ("input_blocks_3_0_op", "down_blocks.0.downsamplers.0.conv"),
        ("output_blocks_2_2_conv", "up_blocks.0.upsamplers.0.conv"),
        ("time_embed_2", "time_embedding.linear_2"),
    ]) func knowsTheOriginalNamesOfSDXL(_ name: String, _ path: String) {
        #expect(KohyaNames.path(of: "\(name).alpha") == "\(path).alpha")
        #expect(KohyaNames.name(of: path, .unet, isXL: true) == "lora_unet_\(name)")
    }

    @Test func noneOfItIsTheBaseModel() throws {
        let set = try AdapterSet(path: fixture.url.path)
        let plain = try StableDiffusion.loadTextEncoder(pipeline.appending(path: "text_encoder"))
        var options = LoadingOptions()
        options.adapters = set.deltas(factor: 0)
        let zero = try StableDiffusion.loadTextEncoder(pipeline.appending(path: "text_encoder"), options: options)
        let ids = try fixture.integers("input_ids")
        #expect(plain(ids).lastHiddenState.value.scalars == zero(ids).lastHiddenState.value.scalars)
    }
}
