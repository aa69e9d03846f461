import Diffusion
import Foundation
import Imaging
import NeuralNet
import TensorCore
import Testing

/// Runs that train every weight of the UNet.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct WholeNetworkTests {
    /// The configuration of a DreamBooth run of three rounds.
    private func configure(_ place: Workplace) async throws -> String {
        let references = place.path("references")
        let drawn = try await place.atelier("render", "--prompt", "a green cat", "--count", "2", "--out", references)
        #expect(drawn.ending == .exited(0), "\(drawn.error)")
        let text = """
            run: whole
            model: \(place.model.path)
            rounds: 3
            prompts: [a cat]
            sampling: {samplesPerRound: 4, samplesPerUnit: 2, steps: 3}
            algorithm: {name: dreambooth, references: \(references), instancePrompt: a mochi cat, baseSamples: 4, updatesPerRound: 2, batch: 2}
            training: {parameters: full}
            rewards: [{name: main, spec: brightness}]
            fleet: {samplers: 1, learnerThreads: 1}
            checkpoints: {every: 1, gridColumns: 0}
            leases: {silenceSeconds: 5, seconds: 20}
            """
        try Data(text.utf8).write(to: place.folder.appending(path: "run.yaml"))
        return place.path("run.yaml")
    }

    private func unet(_ folder: String) throws -> [String: [Float]] {
        let archive = try SafeTensorsArchive(folder: folder, name: "diffusion_pytorch_model")
        return try Dictionary(uniqueKeysWithValues: archive.keys.map { ($0, try archive.tensor(named: $0).scalars) })
    }

    @Test func everyWeightIsTrainedWhoeverDrawsAndItsCheckpointIsAUNetOfDiffusers() async throws {
        let place = try Workplace()
        let configuration = try await configure(place)
        var hashes: Set<String> = []
        for samplers in [1, 3] {
            let run = try await place.atelier(
                "run", configuration, "--out", place.path("out-\(samplers)"), "--set", "fleet.samplers=\(samplers)",
                "--json")
            try #require(run.ending == .exited(0), "\(run.error)")
            hashes.insert(try #require(run.json["adapterSHA256"] as? String))
        }
        #expect(hashes.count == 1)
        let checkpoint = place.path("out-1/checkpoints/step-000003")
        #expect(place.exists("out-1/checkpoints/step-000003/unet/config.json"))
        let (base, tuned) = (try unet(place.path("model/unet")), try unet("\(checkpoint)/unet"))
        #expect(base.keys == tuned.keys)
        for (key, values) in tuned { #expect(values != base[key], "\(key) was not trained") }

        // What goes on from the second checkpoint comes to the same.
        let again = try await resume(place, from: 2)
        #expect(again == hashes.first)
    }

    /// The hash that a run comes to which is stopped after a round and resumed.
    private func resume(_ place: Workplace, from round: Int) async throws -> String? {
        let run = try place.start("atelier", ["run", place.path("run.yaml"), "--out", place.path("stopped"), "--json"])
        try await place.until("round \(round)") { run.errorSoFar.contains("round \(round)/3") }
        run.child.terminate()
        let stopped = await run.ended()
        #expect(stopped.ending == .exited(0), "\(stopped.error)")
        let resumed = try await place.atelier("run", "--resume", place.path("stopped"), "--json")
        // It may have been quick enough to end before it was stopped.
        return (resumed.ending == .exited(0) ? resumed : stopped).json["adapterSHA256"] as? String
    }

    @Test func aWholeUNetIsDrawnWithInterpolatedMergedAndNotExported() async throws {
        let place = try Workplace()
        let checkpoint = place.path("checkpoint")
        try FileManager.default.createDirectory(atPath: checkpoint, withIntermediateDirectories: true)
        let (_, store) = try StableDiffusion.loadUNet(place.model.appending(path: "unet"), trains: .network)
        for (index, (_, variable)) in store.parameters.enumerated() {
            let noise = Noise(seed: 3, unit: UInt64(index), purpose: .experiment).gaussian(shape: variable.shape)
            variable.value = variable.value.combined(1, noise, 0.1)
        }
        try UNetWeights(store.parameters).write(
            to: URL(filePath: checkpoint), configuration: place.model.appending(path: "unet/config.json"))

        func sample(_ more: String...) async throws -> Picture {
            let arguments = ["--prompt", "a cat", "--steps", "2", "--out", place.path("cat.png")]
            let ended = try await place.run("atelier", ["sample"] + arguments + more)
            #expect(ended.ending == .exited(0), "\(ended.error)")
            return try Picture(file: place.path("cat.png"))
        }
        let model = place.model.path
        let merged = try await place.atelier(
            "merge", "--model", model, "--adapter", checkpoint, "--out", place.path("merged"), "--json")
        #expect(merged.ending == .exited(0), "\(merged.error)")
        #expect(merged.json["layers"] as? Int == store.parameters.count)
        #expect(try unet(place.path("merged/unet")) == unet("\(checkpoint)/unet"))
        let base = try await sample("--model", model)
        let tuned = try await sample("--model", model, "--adapter", checkpoint)
        let whole = try await sample("--model", place.path("merged"))
        let none = try await sample("--model", model, "--adapter", checkpoint, "--scale", "0")
        #expect(tuned == whole && tuned != base && none == base)

        let exported = try await place.atelier(
            "export", "--adapter", checkpoint, "--format", "kohya", "--out", place.path("fox.safetensors"))
        #expect(exported.ending == .exited(3))
        #expect(exported.lastLine.contains("this is a whole UNet, no adapter; `atelier merge`"), "\(exported.error)")
        let inspected = try await place.atelier("inspect", checkpoint)
        #expect(inspected.output.hasPrefix("whole UNet, "), "\(inspected.output)\(inspected.error)")
    }
}
