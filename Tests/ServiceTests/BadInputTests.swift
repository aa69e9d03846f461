import Foundation
import Testing

/// What a newcomer and the world get wrong: one line that names the thing, and the right exit code.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct BadInputTests {
    /// The one line with which `atelier` says what is wrong.
    private func refusal(
        _ place: Workplace, _ arguments: [String], exit code: Int32, names words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ended = try await place.run("atelier", arguments)
        #expect(ended.ending == .exited(code), "\(ended.error)", sourceLocation: sourceLocation)
        let lines = ended.error.split(separator: "\n").filter { $0.hasPrefix("atelier: error: ") }
        #expect(lines.count == 1, "\(ended.error)", sourceLocation: sourceLocation)
        for word in words {
            #expect(lines.first?.contains(word) == true, "\(ended.error)", sourceLocation: sourceLocation)
        }
    }

    @Test func anUnknownKeyIsAUsageError() async throws {
        let place = try Workplace()
        let configuration = try place.configure("wibble: 3")
        try await refusal(
            place, ["run", configuration, "--out", place.path("out")], exit: 2, names: [configuration, "wibble"])
        try await refusal(
            place, ["run", try place.configure(), "--set", "sampling.stps=3", "--out", place.path("out")], exit: 2,
            names: ["sampling.stps", "did you mean 'steps'"])
        try await refusal(place, ["run", place.path("none.yaml")], exit: 2, names: ["none.yaml", "No such file"])
        #expect(!place.exists("out"))
    }

    @Test func aModelThatIsMissingIsNamed() async throws {
        let place = try Workplace()
        try await refusal(
            place, ["run", try place.configure(), "--set", "model=\(place.path("none"))", "--out", place.path("out")],
            exit: 1, names: [place.path("none"), "model_index.json"])
        try FileManager.default.removeItem(atPath: place.path("model/unet/diffusion_pytorch_model.safetensors"))
        try await refusal(
            place, ["run", place.path("run.yaml"), "--out", place.path("out")], exit: 1,
            names: [place.path("model/unet"), "diffusion_pytorch_model"])
        #expect(!place.exists("out"))
    }

    @Test(arguments: [
        ("clip-score?model=/nowhere", ["/nowhere: there is no config.json"]),
        ("clip-i?model=menagerie/two-tower&references=/nowhere", ["/nowhere: there is no picture"]),
        (
            "{textnorm: {reward: brightness, contrasts: {file: {path: /nowhere.json}}}}",
            ["/nowhere.json: it cannot be read"]
        ),
    ])
    func aRewardWhoseFilesAreMissingIsNamedBeforeAnythingIsWritten(spec: String, words: [String]) async throws {
        let place = try Workplace()
        try await refusal(
            place,
            ["run", try place.configure(), "--set", "rewards.0.spec=\(spec)", "--out", place.path("out")],
            exit: 3, names: ["rewards.0.spec: the reward 'main' cannot be made: "] + words)
        #expect(!place.exists("out"))
    }

    @Test func aDatasetThatIsMissingIsNamedBeforeAnythingIsWritten() async throws {
        let place = try Workplace()
        let configuration = try place.configure("algorithm: {name: sft, dataset: \(place.path("none"))}")
        let arguments = ["run", configuration, "--out", place.path("out")]
        let name = "algorithm.dataset: \(place.path("none")) is no checkpoint with base samples: "
        try await refusal(place, arguments, exit: 3, names: [name + "there is no state.json", "name a checkpoint"])
        let folder = place.folder.appending(path: "none")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (state, words) in [
            ("{}", "its state.json is not that of a checkpoint"),
            (#"{"round": 1, "adapterSHA256": "", "modules": 1, "seed": 1, "run": "r"}"#, "its state.json lists none"),
        ] {
            try Data(state.utf8).write(to: folder.appending(path: "state.json"))
            try await refusal(place, arguments, exit: 3, names: [name + words])
        }
        #expect(!place.exists("out"))
    }

    @Test func aSubsetThatIsNotThereIsNamed() async throws {
        let place = try Workplace()
        let set = place.path("set")
        try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
        func file(_ name: String) throws { try Data("{}".utf8).write(to: URL(filePath: "\(set)/\(name).json")) }
        let arguments = ["evaluate", "rewards", "--set", set, "--subset"]
        try file("human_labels_counting")
        try await refusal(
            place, arguments + ["nope"], exit: 2,
            names: ["nothing is published there; name a --reward to measure on the judged subsets: counting"])
        try file("alignment_scores_composition")
        try await refusal(
            place, arguments + ["nope"], exit: 2, names: ["--subset nope: \(set) has no such subset; there are: comp"])
        try await refusal(
            place, arguments + ["counting"], exit: 2, names: ["--subset counting: nothing is published of it"])
    }

    @Test(arguments: ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"])
    func aModelFileThatIsCutOffIsNamed(part: String) async throws {
        let place = try Workplace()
        let file = place.path("model/\(part).safetensors")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: file))
        try await refusal(
            place, ["run", try place.configure(), "--out", place.path("out")], exit: 1, names: [file])
        #expect(try place.processes(of: "out").isEmpty)
    }

    @Test func aSocketInUseIsNamed() async throws {
        let place = try Workplace()
        let address = "ipc://\(place.path("taken"))"
        let first = try place.start("atelier-reward", ["--spec", "checker", "--address", address])
        defer { first.child.kill() }
        try await place.until("the socket is bound") { first.errorSoFar.contains(address) }
        let second = try await place.run("atelier-reward", ["--spec", "checker", "--address", address])
        #expect(second.ending == .exited(1))
        #expect(second.lastLine.contains("cannot listen at \(address)"), "\(second.error)")
        first.child.terminate()
        #expect(await first.ended().ending == .exited(0))
    }

    @Test func aCoordinatorOutOfReachIsNamed() async throws {
        let place = try Workplace()
        let address = "ipc://\(place.path("nobody"))"
        let configuration = try place.configure()
        for (program, arguments) in [
            ("atelier-sampler", ["--config", configuration]), ("atelier-reward", ["--spec", "checker"]),
            ("atelier-learner", ["--config", configuration, "--out", place.path("out")]),
        ] {
            let ended = try await place.run(program, arguments + ["--coordinator", address, "--patience", "1"])
            #expect(ended.ending == .exited(1))
            #expect(ended.lastLine.contains("cannot reach the coordinator at \(address)"), "\(ended.error)")
        }
        try await refusal(place, ["status", "--address", address], exit: 1, names: [address])
    }

    @Test func aFolderThatIsUsedIsRefused() async throws {
        let place = try Workplace()
        let configuration = try place.configure(rounds: 1)
        #expect(try await place.atelier("run", configuration, "--out", place.path("out")).ending == .exited(0))
        try await refusal(
            place, ["run", configuration, "--out", place.path("out")], exit: 3,
            names: [place.path("out"), "--resume"])
        try FileManager.default.createDirectory(atPath: place.path("empty"), withIntermediateDirectories: true)
        try Data(contentsOf: URL(fileURLWithPath: configuration)).write(
            to: URL(fileURLWithPath: place.path("empty/config.yaml")))
        try await refusal(place, ["run", "--resume", place.path("empty")], exit: 3, names: ["nothing to resume"])
    }

    /// A limit on the size of files fails writes as a full disk does, and is there without privileges.
    @Test(arguments: [8, 64])
    func aDiskThatIsFullIsNamedAndTheFolderStaysReadable(kilobytes: Int) async throws {
        let place = try Workplace()
        let program = Workplace.programs.appending(path: "atelier").path
        let command = "ulimit -f \(kilobytes * 2); exec '\(program)' \"$@\""
        let ended = try await place.run(
            "/bin/sh", ["-c", command, "sh", "run", try place.configure(rounds: 200), "--out", place.path("out")])
        #expect(ended.ending == .exited(1), "\(ended.error)")
        #expect(ended.lastLine.hasPrefix("atelier: error: "), "\(ended.error)")
        #expect(ended.lastLine.contains(place.path("out")), "\(ended.error)")
        #expect(try place.processes(of: "out").isEmpty)
        #expect(place.exists("out/config.yaml"))
    }

    @Test func garbageOnAnySocketIsSurvived() async throws {
        let place = try Workplace()
        let run = try place.start(
            "atelier", ["run", try place.configure(rounds: 30), "--out", place.path("out"), "--json"])
        try await place.until("round 1") { run.errorSoFar.contains("round 1/30") }
        let address = String(decoding: try place.contents("out/address"), as: UTF8.self)
        let sockets = URL(fileURLWithPath: String(address.dropFirst("ipc://".count))).deletingLastPathComponent()
        var generator = SystemRandomNumberGenerator()
        for name in ["control", "admin", "data", "reward-1"] {
            for length in [0, 1, 10, 64, 4096, 100_000] {
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try RawSocket.send(bytes, to: sockets.appending(path: name).path)
            }
            // A greeting of ZMTP 3, and nonsense after it.
            let greeting = [UInt8](repeating: 0, count: 64).enumerated().map { index, _ in
                index == 0 ? UInt8(0xFF) : index == 9 ? 0x7F : index == 10 ? 3 : 0
            }
            try RawSocket.send(greeting + Array("nonsense".utf8), to: sockets.appending(path: name).path)
        }
        let ended = await run.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        #expect((ended.json["rollouts"] as? [String: Any])?["trained"] as? Int == 180)
        #expect(!ended.error.contains("started again"))
    }
}
