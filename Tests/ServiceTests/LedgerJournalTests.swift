import Foundation
import Ledger
import Logging
import Messaging
import ServiceRuntime
import Testing

@testable import CoordinatorService

/// Nobody is told of an event that could still be lost.
@Suite(.timeLimit(.minutes(1)))
struct LedgerJournalTests {
    private func coordinator(_ place: Workplace) throws -> Coordinator {
        try Coordinator(
            try ConfigurationFile.read(try place.configure()), folder: place.folder, on: try Reactor(),
            shutdown: Shutdown(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func history(_ place: Workplace) throws -> [RunEvent] {
        try LedgerStore(place.folder.appending(path: "ledger.sqlite")).history().map(\.event)
    }

    @Test func whatWasAnsweredIsOnDiskInItsOrder() async throws {
        let place = try Workplace()
        let coordinator = try coordinator(place)
        try await coordinator.open()
        let before = try history(place)
        #expect(before.first == .opened)
        // Many at once share transactions.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for samplers in 1...2500 {
                group.addTask {
                    try await coordinator.answer { _ = try $0.record(.scaled(samplers: samplers)) }
                    guard samplers.isMultiple(of: 500) else { return }
                    #expect(try history(place).contains(.scaled(samplers: samplers)))
                }
            }
            try await group.waitForAll()
        }
        let written = try history(place).dropFirst(before.count)
        #expect(written.count == 2500)
        #expect(Set(written).count == 2500)
        #expect(await coordinator.books.samplers.map { .scaled(samplers: $0) } == written.last)
    }

    @Test(arguments: [
        RunEvent.leased(unit: UnitID(7), worker: "gpu-1", policyVersion: 3),
        .leased(unit: UnitID(.max), worker: "quoted \"name\" \\ of\nten ü", policyVersion: 0),
        .settled(
            unit: UnitID(8), SampledUnit(token: FencingToken(9), worker: "gpu-1", policyVersion: 2, adapter: "ab12")),
        .settled(unit: UnitID(8), SampledUnit(token: FencingToken(9), worker: "\u{7}", policyVersion: 2, adapter: "")),
        .scored(unit: UnitID(10)), .scoredInvalid(unit: UnitID(11), reason: "not a number"), .opened,
    ])
    func anEventIsReadAsItWasWritten(event: RunEvent) throws {
        let json = try event.json(JSONEncoder())
        #expect(try JSONDecoder().decode(RunEvent.self, from: Data(json.utf8)) == event)
    }

    /// What the coordinator is told to do over and over, until it cannot write any more.
    private func fill(_ place: Workplace, _ admin: String) async throws -> Int {
        var answered = 0
        for samplers in 1...60 {
            let scale = try await place.atelier("scale", "samplers", "\(samplers)", "--address", admin)
            guard scale.ending == .exited(0) else { break }
            answered = samplers
        }
        #expect((1..<60).contains(answered))
        return answered
    }

    private func expectAnswered(_ answered: Int, _ place: Workplace, _ admin: String) async throws {
        let status = try await place.atelier("status", "--address", admin, "--json")
        #expect(status.json["samplersWanted"] as? Int == answered, "\(status.output)\(status.error)")
    }

    private func words(_ place: Workplace) throws -> [String] {
        try FileManager.default.createDirectory(atPath: place.path("out"), withIntermediateDirectories: true)
        return [
            "--config", try place.configure(), "--out", place.path("out"), "--control",
            "ipc://\(place.path("control"))",
            "--admin", "ipc://\(place.path("admin"))",
        ]
    }

    private static let program = Workplace.programs.appending(path: "atelier-coordinator").path

    @Test func aFileThatMayNotGrowEndsTheRunAndLosesNothingThatWasAnswered() async throws {
        let place = try Workplace()
        let (words, admin) = (try words(place), "ipc://\(place.path("admin"))")
        func ready(_ running: Workplace.Running) async throws {
            try await place.until("the coordinator listens") { running.errorSoFar.contains("admin ipc") }
        }
        // No file may become larger than 96 KiB.
        let limited = try place.start(
            "/bin/bash", ["-c", #"trap '' XFSZ; ulimit -f 96; exec "$0" "$@""#, Self.program] + words)
        try await ready(limited)
        let answered = try await fill(place, admin)
        let ended = await limited.ended()
        #expect(ended.ending == .exited(1))
        #expect(ended.lastLine.contains("cannot use the ledger \(place.path("out"))/ledger.sqlite: "), "\(ended.error)")

        let again = try place.start(Self.program, words)
        defer { again.child.kill() }
        try await ready(again)
        try await expectAnswered(answered, place, admin)
    }

    /// Whether this machine lets us mount a disk of our own.
    private static let mayMount =
        geteuid() == 0 && system("unshare -m mount -t tmpfs -o size=64k tmpfs /mnt >/dev/null 2>&1") == 0

    /// A disk of 192 KiB, which only the coordinator sees; when it is told, it is given more, and the coordinator begins again.
    /// (Not before: the command that was not answered would try again, and be answered by that one.)
    @Test(.enabled(if: mayMount, "nothing can be mounted here (root is needed)"))
    func noSpaceLeftEndsTheRunAndLosesNothingThatWasAnswered() async throws {
        let place = try Workplace()
        let (words, admin) = (try words(place), "ipc://\(place.path("admin"))")
        let script = #"""
            out=$1; shift
            mount -t tmpfs -o size=192k tmpfs "$out" || exit 77
            "$0" "$@"; echo "ended with $?" >&2
            until [ -e "$out.larger" ]; do sleep 0.05; done
            mount -o remount,size=16m "$out"
            exec "$0" "$@"
            """#
        let shell = try place.start(
            "/usr/bin/env", ["unshare", "-m", "/bin/bash", "-c", script, Self.program, place.path("out")] + words)
        defer { kill(-shell.child.processID, SIGKILL) }
        try await place.until("the coordinator listens") { shell.errorSoFar.contains("admin ipc") }
        let answered = try await fill(place, admin)
        try await place.until("it has ended") { shell.errorSoFar.contains("ended with 1\n") }
        let reason = "cannot use the ledger \(place.path("out"))/ledger.sqlite: "
        #expect(shell.errorSoFar.contains(reason) && shell.errorSoFar.contains("full"), "\(shell.errorSoFar)")
        try Data().write(to: URL(filePath: place.path("out.larger")))
        try await place.until("it listens again") {
            shell.errorSoFar.components(separatedBy: "admin ipc").count == 3
        }
        try await expectAnswered(answered, place, admin)
    }
}
