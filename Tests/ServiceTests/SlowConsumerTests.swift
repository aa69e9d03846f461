import Foundation
import Messaging
import RPC
import Testing
import Wire

/// Consumers that are slow, or never read: the sender waits for them within its window, and nobody else does.
@Suite("Slow consumers", .timeLimit(.minutes(1)))
struct SlowConsumerTests {
    /// A session beside others, and how long its calls take.
    private struct Witness {
        let echo: EchoClient

        /// The 99th percentile of calls one after another.
        func percentile99(of count: Int = 400) async throws -> Duration {
            let clock = ContinuousClock()
            var times: [Duration] = []
            for _ in 0..<count {
                let start = clock.now
                _ = try await echo.unary(EchoRequest(text: "calm"))
                times.append(clock.now - start)
            }
            times.sort()
            return times[count * 99 / 100]
        }

        /// Measures in turn without and with something, and compares the least of each: what else goes on on the machine comes
        /// and goes, what the consumer costs would be in every turn.
        ///
        /// The closure says whether the consumer was there all the time: on a busy machine its lease may end. Such a turn does not count.
        ///
        /// - Returns: once the bound is kept in three turns, or after ten, the two times.
        func compare(
            with body: (() async throws -> Void) async throws -> Bool
        ) async throws -> (calm: Duration, beside: Duration) {
            var least = (calm: Duration.seconds(60), beside: Duration.seconds(60))
            var turns = 0
            for _ in 0..<10 {
                least.calm = min(least.calm, try await percentile99())
                var beside = Duration.zero
                guard try await body({ beside = try await percentile99() }) else { continue }
                least.beside = min(least.beside, beside)
                turns += 1
                if turns >= 3, least.beside < SlowConsumerTests.bound(least.calm) { break }
            }
            return least
        }
    }

    /// What the 99th percentile may be beside one; the design wants a fifth more, which only a quiet machine could show.
    private static func bound(_ calm: Duration) -> Duration { calm * 2 + .milliseconds(5) }

    private static let request = EchoRequest(number: .max, payload: [UInt8](repeating: 1, count: 32 << 10))

    /// A process that has asked for a stream without an end, and stands still.
    private func suspended(_ peer: EchoPeer) async throws -> Workplace.Running {
        let payload = Data(Self.request.payload).base64EncodedString()
        let consumer = try peer.place.start(
            "/bin/sh",
            [
                "-c", #"exec "$0" rpc call "$@" >/dev/null"#,
                Workplace.programs.appending(path: "atelier").path, peer.address, "atelier.echo.Echo/ServerStream",
                #"{"number": 4294967295, "payload": "\#(payload)"}"#,
            ])
        try await peer.place.until("the stream runs") {
            try await peer.sessions().contains { $0.calls.count == 1 && $0.peer != "client" }
        }
        try await consumer.suspend()
        return consumer
    }

    @Test func oneThatNeverReadsCostsItsWindowAndNobodyElseAnything() async throws {
        let peer = try await EchoPeer()
        let witness = Witness(echo: peer.echo)
        _ = try await witness.percentile99()
        func memory() throws -> Double { try #require(ProcessGauge.look(at: peer.server.child.processID)?[.memory]) }
        let before = try memory()
        var (most, sent) = (0.0, 0)
        let window = SessionLimits().callWindowBytes
        let times = try await witness.compare { measure in
            let consumer = try await suspended(peer)
            try await measure()
            most = max(most, try memory() - before)
            let streams = try await peer.sessions().flatMap(\.calls).filter { $0.method.hasSuffix("/ServerStream") }
            if let stream = streams.first { sent = max(sent, window - Int(stream.sendCredit)) }
            consumer.child.kill()
            _ = await consumer.ended()
            consumer.forget()
            try await peer.place.until("its session is gone") { try await peer.sessions().count == 1 }
            return streams.count == 1
        }
        print(
            "p99 \(times.beside) beside a consumer that never reads, \(times.calm) without; "
                + "memory grew by \(Int(most) >> 20) MiB")
        #expect(times.beside < Self.bound(times.calm))
        // The sender has gone as far as its window, and what it has sent is in buffers here and there: no more than twice as much.
        #expect((window - (1 << 16)...window).contains(sent), "\(sent) of a window of \(window)")
        #expect(most < Double(2 * window + (16 << 20)), "the memory grew by \(Int(most) >> 20) MiB")
        await peer.end()
    }

    @Test func oneThatReadsSlowlyCostsNobodyElseAnything() async throws {
        let peer = try await EchoPeer()
        // The credit of what it has read comes back in small pieces, and so does what is sent for it.
        var configuration = EndpointConfiguration()
        configuration.limits.callWindowBytes = 256 << 10
        let slow = try Endpoint(name: "slow", configuration: configuration)
        let echo = EchoClient(try await slow.dial(peer.address))
        let witness = Witness(echo: peer.echo)
        let times = try await witness.compare { measure in
            let reading = Task {
                var count = 0
                for try await _ in try await echo.serverStream(Self.request) {
                    count += 1
                    try await Task.sleep(for: .milliseconds(2))
                }
                return count
            }
            try await peer.place.until("the stream runs") {
                try await peer.sessions().contains { $0.calls.count == 1 && $0.peer == "slow" }
            }
            try await measure()
            reading.cancel()
            _ = await reading.result
            return true
        }
        print("p99 \(times.beside) beside a slow consumer, \(times.calm) without")
        #expect(times.beside < Self.bound(times.calm))
        await slow.close()
        await peer.end()
    }
}
