import Foundation
import Testing

/// `atelier rpc` against a real reward service.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RPCCommandTests {
    @Test func whatIsServedCanBeFoundDescribedAndCalled() async throws {
        let place = try Workplace()
        let address = "ipc://\(place.path("reward"))"
        let reward = try place.start("atelier-reward", ["--spec", "jpeg-compressibility", "--address", address])
        try await place.until("the socket is bound") { reward.errorSoFar.contains(address) }

        let services = try await place.atelier("rpc", "list", address)
        #expect(
            services.output.split(separator: "\n") == [
                "atelier.introspection.Introspection", "atelier.reflection.Reflection", "atelier.score.Score",
                "grpc.health.v1.Health",
            ], "\(services.error)")
        let methods = try await place.atelier("rpc", "list", address, "atelier.score.Score")
        #expect(
            methods.output
                == "atelier.score.Score/Describe\natelier.score.Score/Pictures\natelier.score.Score/WithGradient\n")
        let described = try await place.atelier("rpc", "describe", address, "atelier.score.PicturesRequest")
        #expect(described.output.contains("repeated string prompts = 1;"))

        let health = try await place.atelier("rpc", "call", address, "grpc.health.v1.Health/Check", "{}")
        #expect(health.output == "{\"status\":\"SERVING\"}\n", "\(health.error)")
        // Two pictures of 8x8: what a scorer in any language would be sent.
        try Data((0..<384).map { UInt8(truncatingIfNeeded: $0) }).write(to: place.folder.appending(path: "pictures"))
        let scored = try await place.atelier(
            "rpc", "call", address, "atelier.score.Score/Pictures",
            #"{"prompts": ["a", "b"], "height": 8, "width": 8, "unit": "7"}"#, "--attach",
            "pictures=\(place.path("pictures"))")
        let scores = try #require(scored.json["scores"] as? [[String: Any]], "\(scored.error)")
        #expect(scores.count == 2)
        #expect((scores[0]["number"] as? [String: Any])?["value"] is Double)

        for (arguments, word) in [
            (["nobody.Service/Method"], "there is no service 'nobody.Service' here; there are: "),
            (["atelier.score.Score/Judge"], "has no method 'Judge'; it has: Describe, Pictures"),
            (["atelier.score.Score/Pictures", "{\"picture\": 1}"], "has no field 'picture'; it has: prompts, height"),
            (["atelier.score.Score/Pictures", "{\"height\": -1}"], "height: expected an integer from 0 to 4294967295"),
            (["atelier.score.Score/Pictures", "{"], "not JSON: "),
        ] {
            let ended = try await place.atelier(
                "rpc", "call", address, arguments[0], arguments.count > 1 ? arguments[1] : "{}")
            #expect(ended.ending == .exited(2), "\(ended.error)")
            #expect(ended.lastLine.contains(word), "\(ended.error)")
        }
        let failed = try await place.atelier("rpc", "call", address, "atelier.score.Score/Pictures", "{}")
        #expect(failed.ending == .exited(1))
        #expect(failed.lastLine.contains("invalidArgument"), "\(failed.error)")
        reward.child.terminate()
        #expect(await reward.ended().ending == .exited(0))
        let nobody = try await place.atelier("rpc", "list", address)
        #expect(nobody.ending == .exited(1))
        #expect(nobody.lastLine.contains(address))
    }

    @Test func aStreamFromStandardInputIsAnsweredLineByLine() async throws {
        let peer = try await EchoPeer()
        let program = Workplace.programs.appending(path: "atelier").path
        // The second line is written when the first has been answered.
        let script = """
            (echo '{"text": "first"}'; until [ -e "$0/answered" ]; do sleep 0.02; done; echo '{"text": "second"}') |
            "$1" rpc call "$2" atelier.echo.Echo/Bidirectional -
            """
        let call = try peer.place.start("/bin/sh", ["-c", script, peer.place.folder.path, program, peer.address])
        try await peer.place.until("the first answer") { call.outputSoFar.contains(#""text":"first""#) }
        try Data().write(to: peer.place.folder.appending(path: "answered"))
        let ended = await call.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
        #expect(ended.output.contains(#""text":"second""#))

        // What is no message ends the call, and says so.
        let wrong = try peer.place.start(
            "/bin/sh",
            [
                "-c", "echo '{\"txt\": 1}' | \"$0\" rpc call \"$1\" atelier.echo.Echo/Bidirectional -", program,
                peer.address,
            ])
        let refused = await wrong.ended()
        #expect(refused.ending == .exited(2))
        #expect(refused.lastLine.contains("has no field 'txt'"), "\(refused.error)")
        await peer.end()
    }
}
