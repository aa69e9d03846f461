import Foundation
import Testing

@testable import RPC

/// The pure core under a seeded virtual network: sessions that break at any event, delays, reordering between sessions,
/// duplicates, clocks that go at different speeds and jump, windows that are hardly ever open, and GOAWAY, CANCEL and
/// STATUS that race.
@Suite("Schedules of a virtual network")
struct ScheduleTests {
    /// Schedules in all; `deploy/task simulate` asks for 100,000.
    static let count = ProcessInfo.processInfo.environment["ATELIER_SCHEDULES"].flatMap { Int($0) } ?? 2000
    static let parts = 8

    @Test(arguments: 0..<parts)
    func everyInvariantHoldsAfterEveryEvent(part: Int) throws {
        var endings: [RPCStatus.Code: Int] = [:]
        for seed in stride(from: part, to: Self.count, by: Self.parts) {
            var network = VirtualNetwork(seed: UInt64(seed))
            network.plan(calls: 12)
            var events = 0
            while network.step() {
                events += 1
                try #require(events < 50_000, "schedule \(seed) does not come to rest")
            }
            try #require(network.violation == nil, "schedule \(seed), event \(events): \(network.violation ?? "")")
            try #require(network.leak == nil, "schedule \(seed): \(network.leak ?? "")")
            for call in network.calls { endings[call.outcomes.first?.code ?? .unknown, default: 0] += 1 }
        }
        // The schedules are worth something: calls end well, late, cancelled and for want of a server.
        if Self.count >= 500 {
            for code in [RPCStatus.Code.ok, .deadlineExceeded, .cancelled, .unavailable, .internalError] {
                #expect((endings[code] ?? 0) > 10, "\(code): \(endings)")
            }
            #expect((endings[.ok] ?? 0) > endings.values.reduce(0, +) / 3, "\(endings)")
        }
    }
}

extension VirtualNetwork {
    /// What is left behind when nothing happens any more.
    var leak: String? {
        for (number, call) in calls.enumerated() where call.outcomes.count != 1 {
            return "logical call \(number) ended \(call.outcomes.count) times"
        }
        for (number, session) in sessions.enumerated() {
            for (side, machine) in session.machines.enumerated() {
                let place = "session \(number), side \(side)"
                if machine.openCalls > 0 { return "\(place): \(machine.openCalls) calls are open" }
                if machine.originatedCount != 0 || !machine.sessionQueue.isEmpty {
                    return "\(place): \(machine.originatedCount) calls are counted"
                }
                if machine.reservedBytes != 0 { return "\(place): \(machine.reservedBytes) bytes are reserved" }
                guard session.closed == [nil, nil], !session.isCut else { continue }
                let timers = Set(session.timers[side].keys)
                if timers != [.heartbeat] { return "\(place): timers \(timers)" }
                let outstanding = machine.receiveWindow.outstanding
                if outstanding >= machine.receiveWindow.size / 4 {
                    return "\(place): \(outstanding) bytes were never returned"
                }
            }
        }
        return nil
    }
}
