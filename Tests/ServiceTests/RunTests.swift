import Foundation
import Testing

/// Whole runs: `atelier run` with its processes and sockets.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct RunTests {
    @Test func aRunEndsWithASummaryThatBalances() async throws {
        let place = try Workplace()
        let run = try await place.atelier("run", try place.configure(), "--out", place.path("out"), "--json")
        #expect(run.ending == .exited(0), "\(run.error)")
        let summary = run.json
        #expect(summary["run"] as? String == "test")
        #expect(summary["algorithm"] as? String == "ddpo-is")
        #expect(summary["rounds"] as? Int == 3)
        let rollouts = try #require(summary["rollouts"] as? [String: Any])
        #expect(rollouts["issued"] as? Int == 18)
        #expect(rollouts["trained"] as? Int == 18)
        #expect(rollouts["buffered"] as? Int == 0)
        #expect(rollouts["inFlight"] as? Int == 0)
        #expect((rollouts["dropped"] as? [String: Int])?.isEmpty == true)
        let reward = try #require(summary["reward"] as? [String: Any])
        #expect(Set(reward.keys) == ["first", "last", "best", "standardError"])
        for name in [
            "config.yaml", "ledger.sqlite", "metrics.jsonl", "summary.json", "logs/learner.log",
            "checkpoints/step-000003/adapter_model.safetensors", "checkpoints/step-000003/adapter_config.json",
            "checkpoints/step-000003/optimizer.safetensors", "checkpoints/step-000003/state.json",
            "samples/step-000000.png", "samples/step-000003.png", "samples/before-after.png",
        ] {
            #expect(place.exists("out/\(name)"), "\(name) is missing")
        }
        #expect(run.error.contains("round 3/3  reward "))
        #expect(try place.processes(of: "out").isEmpty)
    }

    @Test func theAdapterDoesNotDependOnTheNumberOfSamplers() async throws {
        let place = try Workplace()
        let configuration = try place.configure()
        var hashes: Set<String> = []
        for samplers in [1, 3] {
            let run = try await place.atelier(
                "run", configuration, "--out", place.path("out-\(samplers)"), "--set", "fleet.samplers=\(samplers)",
                "--json")
            #expect(run.ending == .exited(0), "\(run.error)")
            hashes.insert(try #require(run.json["adapterSHA256"] as? String))
        }
        #expect(hashes.count == 1)
    }

    @Test func aKilledSamplersWorkIsDrawnAgainAndNothingIsCountedTwice() async throws {
        let place = try Workplace()
        let run = try place.start(
            "atelier",
            ["run", try place.configure(rounds: 12), "--out", place.path("out"), "--json", "--set", "sampling.steps=8"])
        for round in [2, 5] {
            try await place.until("round \(round)") { run.errorSoFar.contains("round \(round)/12") }
            let sampler = try #require(try place.processes(of: "out").first { $0.command.contains("atelier-sampler") })
            kill(sampler.identifier, SIGKILL)
        }
        let ended = await run.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        let rollouts = try #require(ended.json["rollouts"] as? [String: Any])
        #expect(rollouts["issued"] as? Int == 72)
        #expect(rollouts["trained"] as? Int == 72)
        #expect(ended.error.contains("was ended by signal 9 and is started again"))

        let calm = try await place.atelier(
            "run", place.path("run.yaml"), "--out", place.path("calm"), "--json", "--set", "sampling.steps=8")
        #expect(calm.json["adapterSHA256"] as? String == ended.json["adapterSHA256"] as? String)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aRunThatIsStoppedLeavesACheckpointAndGoesOn(signal: Int32) async throws {
        let place = try Workplace()
        let configuration = try place.configure(rounds: 14, "seed: \(signal)")
        let run = try place.start("atelier", ["run", configuration, "--out", place.path("out"), "--json"])
        try await place.until("round 2") { run.errorSoFar.contains("round 2/14") }
        kill(run.child.processID, signal)
        let stopped = await run.ended()
        #expect(stopped.ending == .exited(0), "\(stopped.error)")
        #expect(stopped.json["outcome"] as? String == "stopped")
        #expect(try place.processes(of: "out").isEmpty)
        let adapter = try #require(stopped.json["adapter"] as? String)
        #expect(place.exists("out/\(adapter)/adapter_model.safetensors"))

        let resumed = try await place.atelier("run", "--resume", place.path("out"), "--json")
        #expect(resumed.ending == .exited(0), "\(resumed.error)")
        #expect(resumed.json["rounds"] as? Int == 14)
        let whole = try await place.atelier("run", configuration, "--out", place.path("whole"), "--json")
        #expect(whole.json["adapterSHA256"] as? String == resumed.json["adapterSHA256"] as? String)
        let metrics = String(decoding: try place.contents("out/metrics.jsonl"), as: UTF8.self)
        #expect(metrics.split(separator: "\n").count == 14)
    }

    @Test func noProcessOutlivesARunThatIsKilled() async throws {
        let place = try Workplace()
        let run = try place.start(
            "atelier", ["run", try place.configure(rounds: 400), "--out", place.path("out")])
        try await place.until("round 2") { run.errorSoFar.contains("round 2/400") }
        #expect(try place.processes(of: "out").count >= 3)
        run.child.kill()
        _ = await run.ended()
        try await place.until("every process has ended") { try place.processes(of: "out").isEmpty }
        let resumed = try place.start("atelier", ["run", "--resume", place.path("out")])
        try await place.until("the run goes on") { resumed.errorSoFar.contains("/400  reward") }
        resumed.child.terminate()
        #expect(await resumed.ended().ending == .exited(0))
    }

    @Test func aLearnerThatIsKilledGoesOnFromItsCheckpoint() async throws {
        let place = try Workplace()
        let configuration = try place.configure(rounds: 12, "staleness: 0")
        let run = try place.start(
            "atelier",
            ["run", configuration, "--out", place.path("out"), "--json", "--set", "checkpoints.every=2"])
        try await place.until("round 5") { run.errorSoFar.contains("round 5/12") }
        let learner = try #require(try place.processes(of: "out").first { $0.command.contains("atelier-learner") })
        kill(learner.identifier, SIGKILL)
        let ended = await run.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        #expect((ended.json["rollouts"] as? [String: Any])?["trained"] as? Int == 72)
        let calm = try await place.atelier("run", configuration, "--out", place.path("calm"), "--json")
        #expect(calm.json["adapterSHA256"] as? String == ended.json["adapterSHA256"] as? String)
    }
}
