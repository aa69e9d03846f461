import Foundation
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// Broken checkpoints: one line that names the file and the key.
struct CheckpointFaultTests {
    /// A copy of a component's folder, changed.
    private func withCopy(_ component: String, _ body: (URL) throws -> Void) throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "checkpoint-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: try GoldenFixture("pipelines/\(component.prefix(4))").url, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        try body(copy.appending(path: String(component.dropFirst(5))))
    }

    private func expectRefusal(_ words: String..., body: () throws -> Void) {
        do {
            try body()
            Issue.record("nothing was refused")
        } catch {
            let text = "\(error)"
            #expect(words.allSatisfy { text.contains($0) } && !text.contains("\n"), "\(text)")
        }
    }

    @Test func namesATruncatedFile() throws {
        try withCopy("sd15/unet") { folder in
            let file = folder.appending(path: "diffusion_pytorch_model.safetensors")
            let data = try Data(contentsOf: file)
            try data.dropLast(100).write(to: file)
            expectRefusal(file.path, "truncated") { _ = try StableDiffusion.loadUNet(folder) }
        }
    }

    @Test func namesAMissingShardAndItsKey() throws {
        try withCopy("sd21/unet") { folder in
            let shard = "diffusion_pytorch_model-00002-of-00003.safetensors"
            try FileManager.default.removeItem(at: folder.appending(path: shard))
            expectRefusal("index.json", shard, "tensor '") { _ = try StableDiffusion.loadUNet(folder) }
        }
    }

    @Test func refusesAPickleWithTheReason() throws {
        try withCopy("sd15/vae") { folder in
            try FileManager.default.moveItem(
                at: folder.appending(path: "diffusion_pytorch_model.safetensors"),
                to: folder.appending(path: "diffusion_pytorch_model.bin"))
            expectRefusal("diffusion_pytorch_model.bin", "pickle", "code") { _ = try StableDiffusion.loadVAE(folder) }
            let disguised = folder.appending(path: "diffusion_pytorch_model.safetensors")
            try Data([0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 64)).write(to: disguised)
            expectRefusal(disguised.path, "pickle") { _ = try StableDiffusion.loadVAE(folder) }
        }
    }

    @Test func namesAKeyOfAnotherModel() throws {
        try withCopy("sd15/unet") { folder in
            let file = folder.appending(path: "diffusion_pytorch_model.safetensors").path
            let archive = try SafeTensorsArchive(path: file)
            var tensors: [String: Tensor] = [:]
            for key in archive.keys { tensors[key] = try archive.tensor(named: key).scaled(1) }
            tensors["add_embedding.linear_1.weight"] = Tensor(zeros: [4, 4])
            try SafeTensorsWriter(elementType: .f16).write(tensors, to: file)
            expectRefusal(file, "add_embedding.linear_1.weight") { _ = try StableDiffusion.loadUNet(folder) }
            let report = try CheckpointReport(folder: folder)
            #expect(report.components[0].unexpected == ["add_embedding.linear_1.weight"])
        }
    }

    @Test(arguments: [
        ("time_embedding_type", #""fourier""#), ("act_fn", #""mish""#), ("norm_num_groups", "null"),
        ("attention_type", #""gated""#), ("class_embed_type", #""timestep""#), ("an_option_of_tomorrow", "1"),
        ("transformer_layers_per_block", "[1, 2, 3]"), ("addition_embed_type", #""text""#),
    ]) func namesTheOptionThatIsNotSupported(_ option: String, _ value: String) throws {
        try withCopy("sd15/unet") { folder in
            let file = folder.appending(path: "config.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let without = text.replacing(try Regex(#", "\#(option)": [^,}]*"#), with: "")
            try Data(without.replacing("}\n", with: #", "\#(option)": \#(value)}"# + "\n").utf8).write(to: file)
            expectRefusal(file.path, option) { _ = try StableDiffusion.loadUNet(folder) }
        }
    }

    @Test func aReportNamesIntegersWhereNumbersShouldBe() throws {
        try withCopy("sd15/unet") { folder in
            let file = folder.appending(path: "diffusion_pytorch_model.safetensors")
            var data = try Data(contentsOf: file)
            let key = Data(#""conv_in.weight":{"dtype":""#.utf8)
            let place = try #require(data.range(of: key)).upperBound
            data.replaceSubrange(place..<place + 3, with: Data("I16".utf8))
            try data.write(to: file)
            expectRefusal(file.path, "conv_in.weight", "I16") { _ = try StableDiffusion.loadUNet(folder) }
            let fault = try CheckpointReport(folder: folder).firstFault
            #expect(fault?.contains("'conv_in.weight' holds I16") == true, "\(String(describing: fault))")
        }
    }

    @Test func aReportNamesPartsThatDoNotFitOneAnother() throws {
        try withCopy("sd15/unet") { folder in
            try FileManager.default.removeItem(at: folder)
            try FileManager.default.copyItem(
                at: try GoldenFixture("pipelines/sd21").url.appending(path: "unet"), to: folder)
            let fault = try CheckpointReport(folder: folder.deletingLastPathComponent()).firstFault
            #expect(fault?.contains("width 20") == true && fault?.contains("give 16") == true)
        }
    }

    @Test func reportsAWholePipelineAsSound() throws {
        for family in PipelineTests.families {
            let report = try CheckpointReport(folder: try GoldenFixture("pipelines/\(family)").url)
            #expect(report.firstFault == nil, "\(family): \(report.firstFault ?? "")")
            #expect(report.parameters > 80_000 && report.memory != nil)
        }
    }
}
