import Foundation
import ServiceRuntime
import Testing

/// A reward in Python beside real coordinator, learner and sampler processes.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PythonRewardTests {
    static let interpreter: String? =
        // Not Foundation's Process, which waits for the end of a child on one of the few threads that all tests share.
        [ProcessInfo.processInfo.environment["ATELIER_PYTHON"], "python3", "/usr/bin/python3"].compactMap(\.self).first
    {
        system("\($0) -c 'import zmq, google.protobuf' 2>/dev/null") == 0
    }
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Services/Reward/python").path

    /// Whether there is an interpreter with what the package needs.
    static let isThere: Bool = interpreter != nil

    /// The run starts with our reward, is given the one in Python, and both score whole rounds.
    @Test(.enabled(if: isThere, "python3 with zmq and google.protobuf is not here (or ATELIER_PYTHON)"))
    func aRewardInPythonIsSwappedInAndDrained() async throws {
        let place = try Workplace()
        let score = """
            def score(images, prompts):
                return [(sum(bytes(image)) / 1e6, {"success": 1.0}) for image in images]
            """
        try Data(score.utf8).write(to: place.folder.appending(path: "brightness.py"))
        let run = try place.start(
            "atelier", ["run", try place.configure(rounds: 400), "--out", place.path("out")])
        try await place.until("round 1") { run.errorSoFar.contains("round 1/") }
        let out = place.path("out")
        let address = try String(contentsOfFile: "\(out)/address", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let control = address.replacing("admin", with: "control")
        let refused = try await place.atelier("swap", "main=external:", "--run", out)
        #expect(refused.ending == .exited(3), "\(refused.error)")
        let swapped = try await place.atelier("swap", "main=external:brightness", "--run", out)
        #expect(swapped.ending == .exited(0), "\(swapped.error)")
        let python = try place.start(
            "/usr/bin/env",
            [
                "PYTHONPATH=\(Self.package)", Self.interpreter ?? "python3", "-m", "atelier_reward",
                place.path("brightness.py"),
                "--name", "brightness", "--address", "ipc://\(place.path("python"))", "--coordinator", control,
            ])
        try await place.until("the fleet has it") {
            let workers = try await place.atelier("status", "--run", out, "--json").json["workers"] as? [[String: Any]]
            return workers?.contains { $0["name"] as? String == "brightness" } == true
        }
        // The address ends in the key that the service proves.
        let log = python.errorSoFar.split(whereSeparator: { " ,\n".contains($0) })
        let bound = try #require(log.first { $0.hasPrefix("ipc://\(place.path("python"))") })
        let listed = try await place.atelier("rpc", "list", String(bound), "--keys", "\(out)/keys")
        #expect(listed.output.contains("atelier.score.Score\n"), "\(listed.error)")
        try await place.until("a round is scored by the second set") {
            let last = try await place.atelier("status", "--run", out, "--json").json["lastRound"] as? [String: Any]
            return (last?["rewardSet"] as? Int ?? 0) > 1
        }
        // Back to ours: the one in Python is not needed any more, and ends when it is told to.
        let back = try await place.atelier("swap", "main=jpeg-compressibility", "--run", out)
        #expect(back.ending == .exited(0), "\(back.error)")
        await python.child.stop(within: .seconds(20))
        let ended = await python.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        #expect(ended.error.contains("registered as brightness"))
        await run.child.stop(within: .seconds(40))
        #expect(await run.ended().ending != .exited(1))
    }
}
