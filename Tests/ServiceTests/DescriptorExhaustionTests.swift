import Foundation
import RPC
import ServiceRuntime
import Testing
import Wire

/// A service that runs out of descriptors: who is served stays served, who comes is sent away, and nothing spins or ends.
@Suite("Descriptors run out", .timeLimit(.minutes(1)))
struct DescriptorExhaustionTests {
    @Test func tooFewAreSaidAtTheStart() async throws {
        let place = try Workplace()
        let program = Workplace.programs.appending(path: "atelier").path
        let ended = try await place.run(
            "/bin/sh",
            ["-c", "ulimit -n 64; exec '\(program)' bench rpc --serve --address ipc://\(place.path("echo"))"])
        #expect(ended.ending == .exited(1))
        #expect(ended.lastLine.contains("only 64 files may be open at once"), "\(ended.error)")
    }

    /// Enough to work with, and yet whoever plans a large fleet has to know.
    @Test func aLowLimitIsSaidOnce() async throws {
        let place = try Workplace()
        let program = Workplace.programs.appending(path: "atelier-reward").path
        let service = try place.start(
            "/bin/sh",
            ["-c", "ulimit -n 500; exec '\(program)' --spec checker --address ipc://\(place.path("reward"))"])
        defer { service.child.kill() }
        try await place.until("it serves") { service.errorSoFar.contains(" at ipc://") }
        let warnings = service.errorSoFar.split(separator: "\n").filter { $0.contains("files may be open at once") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("only 500 files") == true)
        #expect(warnings.first?.contains("`ulimit -Hn 65536`") == true)
        service.child.terminate()
        #expect(await service.ended().ending == .exited(0))
    }

    /// All the descriptors that the service may have; connections may take 48.
    private static let limit = 64

    /// Descriptors that the service may still open; those that it has inherited may have larger numbers.
    private func freeDescriptors(_ peer: RewardPeer) -> Int {
        let folder = "/proc/\(peer.service.child.processID)/fd"
        let open = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        return (0..<Self.limit).count { !open.contains("\($0)") }
    }

    @Test(arguments: RewardPeer.Transport.allCases)
    func sessionsLiveOthersAreTurnedAwayAndServedLater(transport: RewardPeer.Transport) async throws {
        let peer = try await RewardPeer(transport)
        func isServed() async throws -> Bool {
            try await HealthClient(peer.session).check(HealthCheckRequest()).message.status == .serving
        }
        #expect(try await isServed())
        let limited = try await peer.place.run(
            "/usr/bin/env",
            ["prlimit", "--pid", "\(peer.service.child.processID)", "--nofile=\(Self.limit):\(Self.limit)"])
        try #require(limited.ending == .exited(0), "\(limited.error)")
        var crowd = try (0..<200).map { _ in try peer.intruder() }
        try await peer.place.until("the service says it") {
            peer.service.errorSoFar.contains("connections were turned away: few descriptors are left")
        }
        // A quarter is left for its own files, of which a few may be open.
        #expect(freeDescriptors(peer) >= Self.limit / 4 - 4, "\(freeDescriptors(peer)) descriptors are left")
        let refusal = await #expect(throws: RPCStatus.self) { try await peer.client.dial(peer.address) }
        #expect(refusal?.code == .unavailable, "\(refusal?.description ?? "")")

        // A second without anything to do.
        let used = peer.service.processorTime
        try await Task.sleep(for: .seconds(1))
        let spent = peer.service.processorTime - used
        print("\(transport.rawValue): with a crowd at the door the service computed for \(spent) of a second")
        #expect(spent < .milliseconds(200), "it spins")
        #expect(try await isServed())

        // Whoever waits is served once the crowd has gone.
        let channel = peer.client.channel(peer.address)
        async let patient = HealthClient(channel).check(
            HealthCheckRequest(), options: CallOptions(timeout: .seconds(30), waitForReady: true))
        #expect(crowd.count == 200)
        crowd = []
        #expect(try await patient.message.status == .serving)
        #expect(try await isServed())
        await peer.end()
    }
}
