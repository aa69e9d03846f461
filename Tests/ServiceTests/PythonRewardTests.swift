import Foundation
import Messaging
import RPC
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

    /// As our own services do: the key says who one is, and the list what one may do.
    @Test(.enabled(if: isThere, "python3 with zmq and google.protobuf is not here (or ATELIER_PYTHON)"))
    func aRewardInPythonLooksAtTheRolesOfKeysAndAtTheirEnd() async throws {
        let place = try Workplace()
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", "--keys", keys).ending == .exited(0))
        #expect(try await place.atelier("keys", "add", "guest", "operator", "--keys", keys).ending == .exited(0))
        try Data("def score(images, prompts):\n    return [0.5 for image in images]\n".utf8)
            .write(to: place.folder.appending(path: "half.py"))
        let python = try place.start(
            "/usr/bin/env",
            [
                "PYTHONPATH=\(Self.package)", Self.interpreter ?? "python3", "-m", "atelier_reward",
                place.path("half.py"), "--keys", keys,
            ])
        try await place.until("it serves") { python.errorSoFar.contains("identity") }
        let words = python.errorSoFar.split(whereSeparator: { " ,\n".contains($0) }).map(String.init)
        let address = try #require(words.first { $0.hasPrefix("tcp://") })

        func describe(_ holder: String) async throws -> (ending: ChildProcess.Ending, text: String) {
            let ended = try await place.atelier(
                "rpc", "call", address, "atelier.score.Score/Describe", "--keys", "\(keys)/\(holder).key")
            return (ended.ending, ended.output + ended.lastLine)
        }
        #expect(try await describe("operator").ending == .exited(0))
        let observer = try await describe("observer")
        #expect(observer.ending != .exited(0))
        #expect(observer.text.contains("observer, whose role is observer, may not call it"), "\(observer.text)")
        // Health and reflection are for every role.
        let listed = try await place.atelier("rpc", "list", address, "--keys", "\(keys)/observer.key")
        #expect(listed.output.contains("atelier.score.Score\n"), "\(listed.error)")

        let key = try KeyFile(at: "\(keys)/guest.key")
        let security = TransportSecurity(keys: key.keys, pinned: nil)
        let guest = try Endpoint(name: "guest", transport: ZeroMQTransport(security: security))
        let session = try await guest.dial(address)
        #expect(try await place.atelier("keys", "revoke", "guest", "--keys", keys).ending == .exited(0))
        #expect(await session.closed.message.contains("the key of guest was revoked"))
        let refused = await #expect(throws: RPCStatus.self) { try await guest.dial(address) }
        #expect(refused?.code == .unauthenticated)
        await guest.close()
        await python.child.stop(within: .seconds(20))
        #expect(await python.ended().ending == .exited(0))
    }
}
