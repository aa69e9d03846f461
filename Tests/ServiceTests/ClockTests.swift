import Foundation
import RPC
import Testing
import Wire

/// Programs whose clock is wrong.
private enum SkewedClock {
    static let isPossible =
        !["ASAN_OPTIONS", "TSAN_OPTIONS"].contains { ProcessInfo.processInfo.environment[$0] != nil }

    /// Variables of a program whose clock is wrong, by seconds, from so many seconds after its start on.
    static func environment(_ seconds: Int, after: Int = 0) -> [String] {
        [
            "LD_PRELOAD=\(Workplace.programs.appending(path: "libSkewedClock.so").path)",
            "SKEWED_CLOCK_SECONDS=\(seconds)", "SKEWED_CLOCK_AFTER=\(after)",
        ]
    }
}

/// Clocks that are a day apart, or are set while everything runs: only the time that passes counts.
///
/// `libSkewedClock.so` (Tests/SkewedClock) stands before the C library in a program and moves its time of the day. Where time
/// namespaces can be made, the clocks that count from the start of the machine are moved too.
@Suite(
    "Clocks that are wrong", .enabled(if: SkewedClock.isPossible, "a sanitizer stands before the clock"),
    .timeLimit(.minutes(1)))
struct ClockTests {
    static let day = 86_400

    /// Without this the other tests would show nothing.
    @Test(arguments: [day, -day])
    func theClockIsWrong(seconds: Int) async throws {
        let place = try Workplace()
        let ended = try await place.run("/usr/bin/env", SkewedClock.environment(seconds) + ["date", "+%s"])
        let told = try #require(Double(ended.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(ended.error)")
        #expect(abs(told - Date().timeIntervalSince1970 - Double(seconds)) < 60)
        // A program of ours stamps its log with the day.
        let program = Workplace.programs.appending(path: "atelier-reward").path
        let words = ["--spec", "brightness", "--address", "ipc://\(place.path("reward"))"]
        let reward = try place.start("/usr/bin/env", SkewedClock.environment(seconds) + [program] + words)
        try await place.until("it serves") { reward.errorSoFar.contains("ipc://") }
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = .withFullDate
        let day = formatter.string(from: Date(timeIntervalSinceNow: Double(seconds)))
        #expect(reward.errorSoFar.hasPrefix(day), "\(reward.errorSoFar)")
        reward.child.terminate()
        #expect(await reward.ended().ending == .exited(0))
    }

    /// A server a day ahead, a day behind, and one whose clock is set while the session is open.
    @Test(arguments: [(day, 0), (-day, 0), (day, 2), (-day, 2)])
    func deadlinesAndLeasesAreKept(seconds: Int, after: Int) async throws {
        let peer = try await EchoPeer(environment: SkewedClock.environment(seconds, after: after))
        let echo = peer.echo
        // Of large messages few have come when the time is over.
        let request = EchoRequest(number: .max, payload: [UInt8](repeating: 1, count: 64 << 10))
        let start = ContinuousClock.now
        // Longer than until the clock is set; the server's end of the call keeps the time, too.
        let status = await #expect(throws: RPCStatus.self) {
            let options = CallOptions(timeout: .seconds(3))
            for try await _ in try await echo.serverStream(request, options: options) {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        #expect(status?.code == .deadlineExceeded, "\(status?.description ?? "")")
        #expect((.seconds(3) ... .seconds(40)).contains(.now - start))
        try await peer.place.until("the server has ended it") { try await peer.sessions().first?.calls.count == 1 }
        #expect(await peer.session.isOpen)
        #expect(try await echo.unary(EchoRequest(text: "still")).message.text == "still")
        await peer.end()
    }

    /// A fleet of which nobody agrees what day it is, and whose coordinator's clock is set while leases run.
    @Test func aFleetWorksOn() async throws {
        let place = try Workplace()
        let configuration = try place.configure(rounds: 2000)
        func start(_ program: String, _ skew: [String], _ words: [String]) throws -> Workplace.Running {
            try place.start("/usr/bin/env", skew + [Workplace.programs.appending(path: program).path] + words)
        }
        let (control, admin) = ("ipc://\(place.path("control"))", "ipc://\(place.path("admin"))")
        let folder = place.folder.path
        let coordinator = try start(
            "atelier-coordinator", SkewedClock.environment(Self.day, after: 4),
            ["--config", configuration, "--out", folder, "--control", control, "--admin", admin])
        let workers = [
            try start(
                "atelier-learner", SkewedClock.environment(Self.day),
                [
                    "--config", configuration, "--out", folder, "--coordinator", control, "--address",
                    "ipc://\(place.path("data"))",
                ]),
            try start(
                "atelier-reward", SkewedClock.environment(-Self.day) + Self.bootedEarlier,
                [
                    "--spec", "jpeg-compressibility", "--coordinator", control, "--address",
                    "ipc://\(place.path("reward"))",
                ]),
            try start(
                "atelier-sampler", SkewedClock.environment(-Self.day),
                ["--config", configuration, "--coordinator", control]),
        ]
        defer { for process in workers + [coordinator] { process.child.kill() } }
        let began = ContinuousClock.now
        func status() async throws -> [String: Any] {
            try await place.atelier("status", "--address", admin, "--json").json
        }
        // The clock is set after four seconds, and whoever seems to be silent then is thrown out a second later.
        var round = 0
        try await place.until("rounds are trained before the clock is set, and after") {
            round = try await status()["round"] as? Int ?? 0
            return round > 0 && ContinuousClock.now - began > .seconds(6)
        }
        let later = round + 3
        try await place.until("they go on") { try await status()["round"] as? Int ?? 0 >= later }
        let books = try await status()
        #expect((books["rollouts"] as? [String: Any])?["dropped"] as? [String: Int] == [:], "\(books)")
        #expect(!coordinator.errorSoFar.contains("silent"), "\(coordinator.errorSoFar)")
        for worker in workers { #expect(worker.child.ending == nil, "\(worker.errorSoFar)") }
        for process in workers + [coordinator] { await process.child.stop(within: .seconds(10)) }
    }

    /// Words before a program that make its machine seem to have been started a day earlier; none where that cannot be.
    private static let bootedEarlier: [String] = {
        let words = ["unshare", "--time", "--boottime", "\(day)", "--monotonic", "\(day)"]
        let isAllowed = geteuid() == 0 && system("\(words.joined(separator: " ")) true >/dev/null 2>&1") == 0
        return isAllowed ? words : []
    }()
}
