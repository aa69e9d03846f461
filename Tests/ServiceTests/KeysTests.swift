import Foundation
import Logging
import RPC
import ServiceRuntime
import Testing
import Wire

/// Keys as a user meets them: made, listed, revoked, demanded.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct KeysTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? Int ?? 0) & 0o777
    }

    private func secret(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("secret ") })
        return String(line.dropFirst("secret ".count))
    }

    @Test func keysAreMadeListedAddedAndRevoked() async throws {
        let place = try Workplace()
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", "--keys", keys).ending == .exited(0))
        #expect(try mode(keys) == 0o700)
        let roles = ["coordinator", "learner", "reward", "sampler", "operator", "observer"]
        for role in roles { #expect(try mode("\(keys)/\(role).key") == 0o600) }
        #expect(try await place.atelier("keys", "init", "--keys", keys).ending == .exited(3))

        let added = try await place.atelier("keys", "add", "gpu-7", "sampler", "--keys", keys)
        #expect(added.ending == .exited(0))
        #expect(added.output.contains("\(keys)/gpu-7.key"))
        #expect(try await place.atelier("keys", "add", "gpu-7", "sampler", "--keys", keys).ending == .exited(3))
        #expect(try await place.atelier("keys", "add", "gpu-8", "king", "--keys", keys).ending == .exited(2))
        let foreign = try await place.atelier(
            "keys", "add", "lab", "reward", "--public", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "--keys", keys)
        #expect(foreign.ending == .exited(0))
        #expect(!place.exists("keys/lab.key"), "whoever made it has it")

        let list = try await place.atelier("keys", "list", "--keys", keys, "--json")
        let allowed = try #require(list.json["allowed"] as? [[String: String]])
        #expect(allowed.compactMap { $0["name"] } == roles + ["gpu-7", "lab"])
        for name in roles { #expect(!list.output.contains(try secret("\(keys)/\(name).key"))) }

        #expect(try await place.atelier("keys", "revoke", "gpu-7", "--keys", keys).ending == .exited(0))
        #expect(!place.exists("keys/gpu-7.key"))
        let again = try await place.atelier("keys", "revoke", "gpu-7", "--keys", keys)
        #expect(again.ending == .exited(3))
        #expect(again.lastLine == "atelier: error: nobody called 'gpu-7' is in \(keys)/allowed")
        let none = try await place.atelier("keys", "list", "--keys", place.path("nothing"))
        #expect(none.ending == .exited(3))
        #expect(none.lastLine.contains("atelier keys init"), "\(none.error)")
    }

    @Test(arguments: ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0"])
    func aPublicAddressWithoutKeysIsRefused(address: String) async throws {
        let place = try Workplace()
        let ended = try await place.run("atelier-reward", ["--spec", "checker", "--address", address])
        #expect(ended.ending == .exited(3))
        #expect(ended.error.split(separator: "\n").count == 1, "\(ended.error)")
        #expect(ended.lastLine.contains(address) && ended.lastLine.contains("atelier keys init"), "\(ended.error)")
    }

    @Test func aKeyThatOthersCanReadIsRefused() async throws {
        let place = try Workplace()
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", keys).ending == .exited(0))
        chmod("\(keys)/reward.key", 0o640)
        let arguments = ["--spec", "checker", "--address", "tcp://0.0.0.0:0", "--keys"]
        let ended = try await place.run("atelier-reward", arguments + [keys])
        #expect(ended.ending == .exited(3))
        #expect(ended.lastLine.contains("run `chmod 600 \(keys)/reward.key`"), "\(ended.error)")
        let wrong = try await place.run("atelier-reward", arguments + ["\(keys)/sampler.key"])
        #expect(wrong.ending == .exited(3))
        #expect(wrong.lastLine.contains("is the key of a sampler, and this is a reward"), "\(wrong.error)")
    }

    /// Every process with a key of its own over tcp, as on several machines; each knows no more than it must.
    @Test func aFleetOverTCPRunsAndARevokedSamplerIsOut() async throws {
        let place = try Workplace()
        let (keys, configuration) = (place.path("keys"), try place.configure(rounds: 2000))
        #expect(try await place.atelier("keys", "init", "--keys", keys).ending == .exited(0))
        #expect(try await place.atelier("keys", "add", "gpu-7", "sampler", "--keys", keys).ending == .exited(0))
        // What is taken to the sampler's machine: one file.
        try FileManager.default.moveItem(atPath: "\(keys)/gpu-7.key", toPath: place.path("gpu-7.key"))
        let coordinator = try place.start(
            "atelier-coordinator",
            [
                "--config", configuration, "--out", place.folder.path, "--control", "tcp://127.0.0.1:0", "--admin",
                "tcp://127.0.0.1:0", "--keys", keys,
            ])
        try await place.until("the coordinator listens") { coordinator.errorSoFar.contains("control tcp://") }
        func address(_ name: String) throws -> String {
            let line = try #require(
                coordinator.errorSoFar.split(separator: "\n").first { $0.contains("control tcp://") })
            let word = try #require(line.split(separator: "\(name) ").last?.prefix { $0 != "," && $0 != "#" })
            return String(word)
        }
        // Without the key in the address: it is in every key's file.
        let (control, admin) = (try address("control"), try address("admin"))
        let learner = try place.start(
            "atelier-learner",
            [
                "--config", configuration, "--out", place.folder.path, "--coordinator", control, "--keys", keys,
            ])
        let reward = try place.start(
            "atelier-reward", ["--spec", "jpeg-compressibility", "--coordinator", control, "--keys", keys])
        let sampler = try place.start(
            "atelier-sampler",
            [
                "--config", configuration, "--coordinator", control, "--keys", place.path("gpu-7.key"), "--patience",
                "2",
            ])
        let running = [sampler, reward, learner, coordinator]
        defer { for process in running { process.child.kill() } }
        func command(_ words: String..., key: String) async throws -> Workplace.Ended {
            try await place.run("atelier", words + ["--address", admin, "--keys", "\(keys)/\(key).key"])
        }
        try await place.until("a round is trained") {
            let status = try await command("status", "--json", key: "observer")
            return (status.json["round"] as? Int ?? 0) > 0
        }
        let pause = try await command("pause", key: "observer")
        #expect(pause.ending == .exited(3))
        #expect(pause.lastLine.contains("observer, whose role is observer, may not call it"), "\(pause.error)")
        let impostor = try await command("status", key: "sampler")
        #expect(impostor.ending == .exited(3), "\(impostor.error)")

        #expect(try await place.atelier("keys", "revoke", "gpu-7", "--keys", keys).ending == .exited(0))
        let ended = await sampler.ended()
        #expect(ended.ending == .exited(1), "\(ended.error)")
        #expect(ended.error.contains("refused our key"), "\(ended.error)")
        // The others go on.
        #expect(try await command("status", "--json", key: "operator").ending == .exited(0))
        // No secret is where other users of the machine can look.
        for process in [reward, learner, coordinator] {
            for file in ["cmdline", "environ"] {
                let text = String(
                    decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process.child.processID)/\(file)")),
                    as: UTF8.self)
                for name in ["coordinator", "learner", "reward"] {
                    #expect(!text.contains(try secret("\(keys)/\(name).key")))
                }
            }
        }
        for process in running { await process.child.stop(within: .seconds(10)) }
    }

    /// Over tcp: neither end goes on without the keys that it was given, or talks to one that has none.
    @Test func aPeerWithKeysAndOneWithoutNeverTalk() async throws {
        let place = try Workplace()
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", "--keys", keys).ending == .exited(0))
        func serve(_ more: String...) async throws -> (process: Workplace.Running, address: String) {
            let words = ["bench", "rpc", "--serve", "--address", "tcp://127.0.0.1:0"]
            let process = try place.start("atelier", words + more)
            try await place.until("it listens") { process.outputSoFar.contains("\n") }
            return (process, process.outputSoFar.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        let (guarded, open) = (try await serve("--keys", keys), try await serve())
        let (key, bare) = (guarded.address.drop { $0 != "#" }, String(guarded.address.prefix { $0 != "#" }))
        #expect(key.count > 1 && !open.address.contains("#"))
        let plain = try Endpoint(name: "plain")
        let holder = try Endpoint(
            name: "holder",
            transport: try ProcessKeys.transport(
                name: "holder", role: .operator, keys: keys, log: Logger(label: "test")))
        func expectRefusal(_ endpoint: Endpoint, _ address: String, _ reason: String) async {
            let status = await #expect(throws: RPCStatus.self) { try await endpoint.dial(address) }
            #expect(status?.message.contains(reason) == true, "\(address): \(status?.message ?? "")")
        }
        // A plain dialler at a guarded listener, which knows of the keys or does not.
        await expectRefusal(plain, bare, "demands keys")
        await expectRefusal(plain, guarded.address, "give --keys")
        // A dialler with keys at a plain listener: it expects the key that it was told of, or the coordinator's.
        await expectRefusal(holder, open.address + key, "does not hold the key")
        await expectRefusal(holder, open.address, "does not hold the key")
        // Neither listener has heard a word of it, and both talk to their own.
        for (endpoint, address) in [(holder, guarded.address), (plain, open.address)] {
            let session = try await endpoint.dial(address)
            let sessions = try await IntrospectionClient(session).sessions(IntrospectionSessionsRequest())
            #expect(sessions.message.sessions.map(\.peer) == [endpoint.name])
        }
        for endpoint in [plain, holder] { await endpoint.close() }
        for process in [guarded.process, open.process] { process.child.kill() }
    }

    @Test func aLocalRunUsesKeysThatItMakesItself() async throws {
        let place = try Workplace()
        let run = try place.start("atelier", ["run", try place.configure(rounds: 2000), "--out", place.path("out")])
        defer { run.child.kill() }
        try await place.until("round 1") { run.errorSoFar.contains("round 1/2000") }
        #expect(try mode(place.path("out/keys")) == 0o700)
        let address = String(decoding: try place.contents("out/address"), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // Found by the run's folder, and by the socket alone.
        #expect(try await place.atelier("status", "--run", place.path("out")).ending == .exited(0))
        #expect(try await place.atelier("status", "--address", address).ending == .exited(0))
        // Neither a peer without keys nor one with a stranger's reaches anything, though both may enter the folder.
        let plain = try Endpoint(name: "plain")
        let refusal = await #expect(throws: RPCStatus.self) {
            try await plain.dial(String(address.prefix { $0 != "#" }))
        }
        #expect(refusal?.message.contains("demands keys") == true, "\(refusal?.message ?? "")")
        await plain.close()
        let strangers = place.path("strangers")
        #expect(try await place.atelier("keys", "init", strangers).ending == .exited(0))
        let stranger = try await place.atelier("status", "--address", address, "--keys", strangers)
        #expect(stranger.ending != .exited(0))
        run.child.terminate()
        #expect(await run.ended().ending == .exited(0))
    }
}
