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

    @Test func aFullDiskEndsTheRunAndLosesNothingThatWasAnswered() async throws {
        let place = try Workplace()
        let (config, folder, admin) = (try place.configure(), place.path("out"), "ipc://\(place.path("admin"))")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let program = Workplace.programs.appending(path: "atelier-coordinator").path
        let words = [
            "--config", config, "--out", folder, "--control", "ipc://\(place.path("control"))", "--admin", admin,
        ]
        func ready(_ running: Workplace.Running) async throws {
            try await place.until("the coordinator listens") { running.errorSoFar.contains("admin ipc") }
        }
        // No file may become larger than 96 KiB: to the program that is a disk that is full.
        let limited = try place.start(
            "/bin/bash", ["-c", #"trap '' XFSZ; ulimit -f 96; exec "$0" "$@""#, program] + words)
        try await ready(limited)
        var answered = 0
        for samplers in 1...60 {
            let scale = try await place.atelier("scale", "samplers", "\(samplers)", "--address", admin)
            guard scale.ending == .exited(0) else { break }
            answered = samplers
        }
        #expect((1..<60).contains(answered))
        let ended = await limited.ended()
        #expect(ended.ending == .exited(1))
        #expect(ended.lastLine.contains("cannot use the ledger \(folder)/ledger.sqlite: "), "\(ended.error)")

        let again = try place.start(program, words)
        defer { again.child.kill() }
        try await ready(again)
        let status = try await place.atelier("status", "--address", admin, "--json")
        #expect(status.json["samplersWanted"] as? Int == answered, "\(status.output)\(status.error)")
    }
}
