import Foundation
import Testing

/// The commands that control a running stack.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ControlTests {
    private func status(_ place: Workplace) async throws -> [String: Any] {
        let status = try await place.atelier("status", "--run", place.path("out"), "--json")
        return status.ending == .exited(0) ? status.json : [:]
    }

    private func samplers(_ place: Workplace) throws -> Int {
        try place.processes(of: "out").filter { $0.command.contains("atelier-sampler") }.count
    }

    @Test func aRunIsPausedScaledSwappedAndStoppedWhileItGoesOn() async throws {
        let place = try Workplace()
        let run = try place.start(
            "atelier", ["run", try place.configure(rounds: 2000), "--out", place.path("out"), "--json"])
        defer { run.child.kill() }
        try await place.until("the run runs") { try await status(place)["state"] as? String == "running" }
        try await place.until("round 1") { run.errorSoFar.contains("round 1/2000") }

        #expect(try await place.atelier("pause", "--run", place.path("out")).ending == .exited(0))
        try await place.until("the run is paused") { try await status(place)["state"] as? String == "paused" }
        let paused = try await status(place)
        let counts = try #require(paused["rollouts"] as? [String: Any])
        #expect(counts["inFlight"] as? Int == 0)
        #expect((paused["waitingFor"] as? [String])?.contains { $0.contains("paused") } == true)
        #expect(try await place.atelier("resume", "--run", place.path("out")).ending == .exited(0))
        let round = try #require(paused["round"] as? Int)
        try await place.until("the run goes on") { try await status(place)["round"] as? Int ?? 0 > round }

        #expect(try await place.atelier("scale", "samplers", "3", "--run", place.path("out")).ending == .exited(0))
        try await place.until("three samplers run") { try samplers(place) == 3 }
        #expect(try await place.atelier("scale", "samplers", "1", "--run", place.path("out")).ending == .exited(0))
        try await place.until("one sampler runs") { try samplers(place) == 1 }

        let swap = try await place.atelier("swap", "main=jpeg-incompressibility", "--run", place.path("out"))
        #expect(swap.ending == .exited(0), "\(swap.error)")
        try await place.until("the new reward scores") {
            let last = try await status(place)["lastRound"] as? [String: Any]
            return last?["rewardSet"] as? Int == 2 && last?["rewardMean"] as? Double ?? 0 > 0
        }
        try await place.until("the old service has ended") {
            let rewards = try place.processesNamed("atelier-reward", below: "out")
            return rewards == 1
        }

        #expect(try await place.atelier("checkpoint", "--run", place.path("out")).ending == .exited(0))
        try await place.until("the checkpoint is there") { run.errorSoFar.contains("checkpoint step-") }

        let tail = try place.start("atelier", ["tail", "--run", place.path("out"), "--json"])
        #expect(try await place.atelier("drain", "--run", place.path("out")).ending == .exited(0))
        let ended = await run.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        #expect(ended.json["outcome"] as? String == "stopped")
        let notices = await tail.ended()
        #expect(notices.output.contains("\"kind\":\"round\""))
        #expect(notices.output.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test(arguments: [
        (["swap", "main=telepathy"], "there is no reward \"telepathy\""),
        (["swap", "beauty=checker"], "there is no reward 'beauty' in this run; there are: main"),
        (["scale", "samplers", "0"], "0 samplers"),
    ])
    func whatMakesNoSenseIsRefusedWithTheReason(command: [String], reason: String) async throws {
        let place = try Workplace()
        let run = try place.start("atelier", ["run", try place.configure(rounds: 2000), "--out", place.path("out")])
        defer { run.child.kill() }
        try await place.until("the run runs") { try await status(place)["state"] as? String == "running" }
        let refused = try await place.run("atelier", command + ["--run", place.path("out")])
        #expect(refused.ending == .exited(3))
        #expect(refused.lastLine.contains(reason), "\(refused.error)")
        run.child.terminate()
        #expect(await run.ended().ending == .exited(0))
    }
}

extension Workplace {
    /// How many processes of a program have their sockets where a run has announced its own.
    func processesNamed(_ program: String, below run: String) throws -> Int {
        let address = String(decoding: try contents("\(run)/address"), as: UTF8.self)
        let sockets = address.dropFirst("ipc://".count).split(separator: "/").dropLast().joined(separator: "/")
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/cmdline")) else { return false }
            let command = String(decoding: line, as: UTF8.self)
            return command.contains(program) && command.contains(sockets)
        }.count
    }
}
