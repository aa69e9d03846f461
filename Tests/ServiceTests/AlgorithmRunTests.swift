import Foundation
import Imaging
import Testing

/// Whole runs of every kind of algorithm over real processes, on the tiny model.
@Suite(.serialized) struct AlgorithmRunTests {
    /// A run of two rounds with an algorithm.
    private func run(
        _ place: Workplace, _ algorithm: String, reward: String = "jpeg-compressibility", _ more: String = "",
        folder: String = "out"
    ) async throws -> Workplace.Ended {
        let text = """
            run: test
            model: \(place.model.path)
            rounds: 2
            prompts: [a cat, a dog]
            sampling: {samplesPerRound: 4, samplesPerUnit: 2, steps: 3}
            algorithm: \(algorithm)
            rewards: [{name: main, spec: \(reward)}]
            fleet: {samplers: 2, learnerThreads: 1}
            checkpoints: {every: 50, gridColumns: 0}
            leases: {silenceSeconds: 5, seconds: 20}
            \(more)
            """
        try Data(text.utf8).write(to: place.folder.appending(path: "run.yaml"))
        return try await place.atelier("run", place.path("run.yaml"), "--out", place.path(folder), "--json")
    }

    private func rounds(_ place: Workplace, _ folder: String = "out") throws -> [[String: Any]] {
        try String(decoding: place.contents("\(folder)/metrics.jsonl"), as: UTF8.self).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test(arguments: [
        "{name: dpok, transitionsPerUpdate: 8, value: {width: 8}}", "{name: rwr, updatesPerRound: 2, batch: 4}",
        "{name: ddpo-is, normalization: group}",
    ])
    func anOnlineAlgorithmRuns(algorithm: String) async throws {
        let place = try Workplace()
        let ended = try await run(place, algorithm)
        try #require(ended.ending == .exited(0), "\(ended.error)")
        let monitors = try #require(try rounds(place).last?["monitors"] as? [String: Double])
        #expect(monitors["saturation"] != nil && monitors["diversity"] != nil && monitors["updates"] ?? 0 > 0)
        // RWR is sent where trajectories end, not how they got there.
        #expect((monitors["pathKL"] == nil) == algorithm.contains("rwr"))
    }

    @Test func aLearnerInAnotherPrecisionThanItsSamplersStartsWithARatioOfOne() async throws {
        let place = try Workplace()
        let ended = try await run(place, "{name: ddpo-is}", reward: "brightness", "training: {precision: bf16}")
        try #require(ended.ending == .exited(0), "\(ended.error)")
        let monitors = try #require(try rounds(place).last?["monitors"] as? [String: Double])
        #expect(try #require(monitors["ratioDrift"]) < 1e-5)
    }

    @Test func baseSamplesAreDrawnOnceAndTheBestPolicyIsKept() async throws {
        let place = try Workplace()
        let ended = try await run(
            place, "{name: kl-o, baseSamples: 8, updatesPerRound: 2, batch: 4}", "validation: {every: 1, samples: 4}")
        try #require(ended.ending == .exited(0), "\(ended.error)")
        let rounds = try rounds(place)
        // The first round draws the base samples, the second only shows what was learned, the third validates the last.
        #expect(rounds.map { $0["samples"] as? Int } == [8, 4, 0])
        let validations = rounds.compactMap { $0["validation"] as? [String: Any] }
        #expect(validations.map { $0["version"] as? Int } == [0, 1, 2])
        let best = try #require(ended.json["best"] as? [String: Any])
        #expect(best["version"] as? Int == validations.last?["selected"] as? Int)
        #expect(place.exists("out/checkpoints/best/adapter_model.safetensors"))
        let rollouts = try #require(ended.json["rollouts"] as? [String: Any])
        #expect(rollouts["trained"] as? Int == 12)

        // Another algorithm learns from the same pictures: its first round is like the others.
        let checkpoint = place.path("out/checkpoints/step-000002")
        let second = try await run(
            place, "{name: sft, dataset: \(checkpoint), quantile: 0.5, updatesPerRound: 2, batch: 4}", folder: "second")
        try #require(second.ending == .exited(0), "\(second.error)")
        #expect(try self.rounds(place, "second").map { $0["samples"] as? Int } == [4, 4])
        let none = try await run(place, "{name: sft, dataset: \(place.path("second"))}", folder: "third")
        #expect(none.lastLine.contains("algorithm.dataset: "))
    }

    @Test func derivativesComeFromTheRewardsProcess() async throws {
        let place = try Workplace()
        let ended = try await run(
            place, "{name: alignprop, truncation: full}", reward: "smoothness",
            "exploration: {share: 0.5, threshold: 500}")
        try #require(ended.ending == .exited(0), "\(ended.error)")
        #expect(try rounds(place).allSatisfy { $0["gradientNorm"] as? Double ?? 0 > 0 })
    }

    @Test func aRewardWithoutDerivativesIsRefusedBeforeAnythingStarts() async throws {
        let place = try Workplace()
        let ended = try await run(place, "{name: alignprop}")
        #expect(ended.ending == .exited(3) || ended.ending == .exited(2))
        #expect(ended.lastLine.contains("rewards.0.spec: alignprop needs rewards that say how they change"))
        #expect(!place.exists("out"))
    }

    @Test func aSubjectIsLearnedFromItsReferences() async throws {
        let place = try Workplace()
        let references = place.path("references")
        let algorithm =
            "{name: rpo, references: \(references), instancePrompt: a cat, baseSamples: 4, updatesPerRound: 2, batch: 2}"
        let missing = try await run(place, algorithm, reward: "checker")
        #expect(missing.ending == .exited(3))
        #expect(missing.lastLine.contains("algorithm.references: there is no PNG or JPEG file in"))
        let checked = try await place.atelier("run", place.path("run.yaml"), "--check")
        #expect(checked.ending == .exited(3))
        #expect(checked.lastLine == missing.lastLine)
        let drawn = try await place.atelier("render", "--prompt", "a green cat", "--count", "3", "--out", references)
        #expect(drawn.ending == .exited(0), "\(drawn.error)")
        let ended = try await run(place, algorithm, reward: "checker", "validation: {every: 1, samples: 2}")
        try #require(ended.ending == .exited(0), "\(ended.error)")
        #expect(ended.json["best"] != nil)
    }

    /// The checker knows no teapots; the encoder of the tiny model does.
    @Test func aRewardThatOnlyLooksOnTakesNoPictureFromTheTraining() async throws {
        let place = try Workplace()
        let configuration = try place.configure(rounds: 1)
        let watched =
            "rewards=[{name: main, spec: jpeg-compressibility}, {name: watcher, spec: checker, weight: WEIGHT}]"
        for weight in ["0", "1"] {
            let rewards = watched.replacing("WEIGHT", with: weight)
            let ended = try await place.atelier(
                "run", configuration, "--set", rewards, "--set", "prompts=[a teapot]", "--out", place.path(weight),
                "--json")
            let rollouts = try #require(ended.json["rollouts"] as? [String: Any], "\(ended.error)")
            #expect(rollouts["trained"] as? Int == (weight == "0" ? 6 : 0))
        }
        let means = try #require(try rounds(place, "0")[0]["rewards"] as? [String: Any])
        #expect(means.keys.sorted() == ["main"])
    }

    /// All configurations that come with Atelier.
    private static var configurations: [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy/configs")
        let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.allObjects ?? []
        return all.compactMap { ($0 as? URL)?.path }.filter { $0.hasSuffix(".yaml") }.sorted()
    }

    @Test func everyConfigurationIsAcceptedWithoutItsModel() async throws {
        let place = try Workplace()
        #expect(Self.configurations.count > 15)
        for configuration in Self.configurations {
            let ended = try await place.atelier("run", configuration, "--check", "--json")
            #expect(ended.ending == .exited(0), "\(configuration): \(ended.error)")
            #expect(ended.json["passes"] != nil)
        }
    }
}
