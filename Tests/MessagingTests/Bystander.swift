import Foundation
import RPC
import Synchronization
import Testing
import Wire

@testable import Messaging

/// An honest client beside a hostile one: it calls all the time, and says how long that took.
struct Bystander {
    let echo: EchoClient

    /// The 99th percentile of calls that are made one after another until the body has returned.
    func percentile99(during body: @Sendable () async throws -> Void) async throws -> Duration {
        let calls = Task {
            var times: [Duration] = []
            let clock = ContinuousClock()
            while !Task.isCancelled || times.count < 50 {
                let start = clock.now
                let reply = try await Task { try await echo.unary(EchoRequest(text: "bystander")) }.value
                #expect(reply.message.text == "bystander")
                times.append(clock.now - start)
            }
            return times.sorted()
        }
        do { try await body() } catch {
            calls.cancel()
            throw error
        }
        calls.cancel()
        let times = try await calls.value
        return times[times.count * 99 / 100]
    }
}

/// How much more memory the process holds at the most than at the beginning.
final class MemoryGrowth: Sendable {
    private let peak = Atomic(0)
    private let start = ProcessMemory.residentBytes

    /// The growth in bytes that was seen while a body ran.
    static func during(_ body: () async throws -> Void) async rethrows -> Int {
        let growth = MemoryGrowth()
        let looking = Task {
            while !Task.isCancelled {
                growth.look()
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        defer { looking.cancel() }
        try await body()
        growth.look()
        return growth.peak.load(ordering: .relaxed)
    }

    private func look() {
        _ = peak.max(ProcessMemory.residentBytes - start, ordering: .relaxed)
    }
}
