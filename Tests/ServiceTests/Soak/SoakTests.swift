import Foundation
import Logging
import Messaging
import RPC
import ServiceRuntime
import Synchronization
import Testing
import Wire

/// Mixed traffic for as long as `ATELIER_SOAK_MINUTES` says, over ipc and over tcp with keys: `deploy/task soak`.
///
/// Sessions are dropped and opened again all the time, calls are cancelled, run out of time and are left alone; processes in
/// the middle of a call are killed. Nothing of it may stay behind. All pauses are multiplied by `ATELIER_SOAK_PAUSE`, for a
/// machine that has other things to do.
@Suite("Soak")
struct SoakTests {
    private static func setting(_ name: String) -> Double? {
        ProcessInfo.processInfo.environment["ATELIER_SOAK_\(name)"].flatMap { Double($0) }
    }

    private static let minutes = setting("MINUTES")
    private static let pauseFactor = setting("PAUSE") ?? 1

    /// Something that is done again and again, over a channel of its own.
    private struct Strain: Sendable {
        let name: String
        let channel: Channel
        let times: Task<Int, any Error>
    }

    /// Keys that were handed out, and those that were answered.
    private final class KeyBook: Sendable {
        let issued = Atomic<UInt32>(0)
        let answered = Atomic<UInt32>(0)
    }

    /// One server, and everything that is done to it.
    private struct Ground: Sendable {
        let book = KeyBook()
        let place: Workplace
        let name: String
        let server: Workplace.Running
        let address: String
        let client: Endpoint
        let keys: String?
        let gate: SoakGate

        init(
            _ place: Workplace, _ name: String, _ address: String, keys: String?, gate: SoakGate
        ) async throws {
            (self.place, self.name, self.keys, self.gate) = (place, name, keys, gate)
            let keyArguments = keys.map { ["--keys", $0] } ?? []
            let server = try place.start("atelier", ["bench", "rpc", "--serve", "--address", address] + keyArguments)
            self.server = server
            try await place.until("\(name) listens") { server.outputSoFar.contains("://") }
            self.address = server.outputSoFar.trimmingCharacters(in: .whitespacesAndNewlines)
            let transport =
                try keys.map {
                    try ProcessKeys.transport(
                        name: "client", role: .operator, keys: $0,
                        log: Logger(label: "soak") { _ in SwiftLogNoOpLogHandler() })
                } ?? ZeroMQTransport()
            client = try Endpoint(name: "client", transport: transport)
        }

        /// One after another for ever; what fails because somebody dropped the session is part of it.
        private func again(
            _ name: String, every pause: Duration, _ body: @escaping @Sendable (EchoClient) async throws -> Void
        ) -> Strain {
            let channel = client.channel(address)
            let times = Task {
                var times = 0
                while await gate.pass() {
                    do {
                        try await body(EchoClient(channel))
                        times += 1
                    } catch let status as RPCStatus {
                        let isExpected = [.unavailable, .deadlineExceeded, .cancelled].contains(status.code)
                        if !isExpected {
                            await gate.leave()
                            throw status
                        }
                    }
                    try? await Task.sleep(for: pause * pauseFactor)
                }
                return times
            }
            return Strain(name: name, channel: channel, times: times)
        }

        /// What is left on either end's sessions, when nobody calls any more: open calls, and credit that was not returned.
        func residue(_ strains: [Strain]) async throws -> [String] {
            var residue: [String] = []
            for strain in strains {
                let sessions = try await IntrospectionClient(strain.channel).sessions(IntrospectionSessionsRequest())
                for session in sessions.message.sessions {
                    residue += session.calls.map(\.method).filter { !$0.hasSuffix("/Sessions") }
                    if session.unreturnedBytes > UInt64(Self.owed) { residue.append("the server owes credit") }
                    if session.sendCredit < Int64(Self.window - Self.owed) { residue.append("the client owes credit") }
                }
            }
            for session in await client.snapshots() {
                residue += session.calls.map { "\($0.method) at the client" }
            }
            return residue
        }

        /// Options of a call that is carried out once, whoever asks for it and how often.
        private func keyed() -> CallOptions {
            book.issued.wrappingAdd(1, ordering: .relaxed)
            return CallOptions(
                timeout: .seconds(20), waitForReady: true, idempotencyKey: (0..<16).map { _ in .random(in: 0...255) },
                retry: RetryPolicy())
        }

        /// One call asked for on three sessions, one of which is dropped: the answers are those of one execution.
        private func askThreeTimes(_ echo: EchoClient) async throws {
            let (options, request) = (keyed(), EchoRequest(text: "once"))
            let session = try await client.dial(address)
            async let lost = try? EchoClient(session).unary(request, options: options).message.number
            async let first = echo.unary(request, options: options).message.number
            try? await Task.sleep(for: .microseconds(Int.random(in: 0...2000)))
            await session.close()
            let executions = [
                await lost, try await first, try await echo.unary(request, options: options).message.number,
            ]
            #expect(Set(executions.compactMap(\.self)).count == 1, "one key, executions \(executions)")
            book.answered.wrappingAdd(1, ordering: .relaxed)
        }

        /// A call of which a second attempt is under way when the first one is answered, and one more afterwards.
        private func hedge(_ echo: EchoClient) async throws {
            var options = keyed()
            options.hedging = HedgingPolicy(delay: .microseconds(Int64.random(in: 0...300)), maximumAttempts: 3)
            let request = EchoRequest(text: "hedged", payload: [UInt8](repeating: 5, count: 1000))
            let first = try await echo.unary(request, options: options).message.number
            options.hedging = nil
            let second = try await echo.unary(request, options: options).message.number
            #expect(first == second, "one key, executions \(first) and \(second)")
            book.answered.wrappingAdd(1, ordering: .relaxed)
        }

        /// Every key that was answered was carried out, and none twice: executions are counted, as the number of the next one says.
        func checkKeys() async throws {
            let next = try await EchoClient(client.channel(address)).unary(EchoRequest(), options: keyed()).message
                .number
            let (issued, answered) = (book.issued.load(ordering: .relaxed), book.answered.load(ordering: .relaxed))
            print("\(name): \(issued) keys, \(answered) answered, \(next) executions")
            #expect((answered + 1...issued).contains(next))
        }

        private static let window = SessionLimits().sessionWindowBytes
        /// Credit is returned at the latest when a quarter of the window is owed.
        private static let owed = window / 4

        func traffic() -> [Strain] {
            let megabyte = RPC.Attachment(
                name: "data", ByteBuffer(count: 1 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 1) })
            let large = RPC.Attachment(
                name: "data", ByteBuffer(count: 5 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 2) })
            let (place, address, client, keys) = (place, address, client, keys)
            return [
                again("calls", every: .milliseconds(1)) { echo in
                    let reply = try await echo.unary(EchoRequest(text: "soak", payload: [1, 2, 3]))
                    #expect(reply.message.text == "soak")
                },
                again("attachments", every: .milliseconds(20)) { echo in
                    let reply = try await echo.unary(EchoRequest(), attachments: [megabyte])
                    #expect(reply.attachments == [megabyte])
                },
                again("chunks", every: .milliseconds(50)) { echo in
                    let reply = try await echo.clientStream {
                        try await $0.send(EchoRequest(), attachments: [large, large])
                    }
                    #expect(reply.message.attachmentBytes == 10 << 20)
                },
                again("streams", every: .milliseconds(10)) { echo in
                    var count = 0
                    for try await _ in try await echo.serverStream(EchoRequest(number: 300)) { count += 1 }
                    #expect(count == 300)
                },
                again("conversations", every: .milliseconds(10)) { echo in
                    try await echo.bidirectional { writer, replies in
                        var replies = replies.makeAsyncIterator()
                        for number in 0..<20 {
                            try await writer.send(EchoRequest(text: "\(number)"))
                            #expect(try await replies.next()?.message.text == "\(number)")
                        }
                        writer.finish()
                    }
                },
                again("streams left alone", every: .milliseconds(10)) { echo in
                    for try await _ in try await echo.serverStream(EchoRequest(number: .max)) { break }
                },
                again("calls out of time", every: .milliseconds(10)) { echo in
                    let options = CallOptions(timeout: .microseconds(Int.random(in: 1...100_000)))
                    _ = try await echo.unary(EchoRequest(), attachments: [megabyte], options: options)
                },
                again("cancelled calls", every: .milliseconds(10)) { echo in
                    let call = Task { _ = try await echo.unary(EchoRequest(), attachments: [megabyte]) }
                    try? await Task.sleep(for: .microseconds(Int.random(in: 0...2000)))
                    call.cancel()
                    _ = await call.result
                },
                again("keyed calls", every: .milliseconds(100)) { try await askThreeTimes($0) },
                again("hedged calls", every: .milliseconds(100)) { try await hedge($0) },
                again("dropped sessions", every: .milliseconds(50)) { _ in
                    let session = try await client.dial(address)
                    async let call: Void = {
                        _ = try? await EchoClient(session).unary(EchoRequest(), attachments: [megabyte])
                    }()
                    try? await Task.sleep(for: .microseconds(Int.random(in: 0...3000)))
                    await session.close()
                    await call
                },
                again("killed processes", every: .seconds(2)) { _ in
                    let words = [
                        "rpc", "call", address, "atelier.echo.Echo/ServerStream", #"{"number": 100000000}"#,
                    ]
                    guard let peer = try? place.start("atelier", words + (keys.map { ["--keys", $0] } ?? [])) else {
                        return
                    }
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 300...900)))
                    peer.child.kill()
                    _ = await peer.ended()
                    peer.forget()
                },
            ]
        }
    }

    /// Waits until what was under way has ended: sessions that are being closed linger for a second.
    ///
    /// And in a long soak, until the processes have given back what their allocator keeps (`KeptMemory`).
    private static func untilSettled(_ gauges: [ProcessGauge], isLong: Bool) async {
        if isLong { try? await Task.sleep(for: .seconds(23)) }
        func descriptors() -> [Double?] { gauges.map { ProcessGauge.look(at: $0.process)?[.descriptors] } }
        var (last, since) = (descriptors(), ContinuousClock.now)
        let end = since + .seconds(10)
        while ContinuousClock.now - since < .milliseconds(1500), .now < end {
            try? await Task.sleep(for: .milliseconds(100))
            let now = descriptors()
            if now != last { (last, since) = (now, .now) }
        }
    }

    @Test(.enabled(if: minutes != nil, "set ATELIER_SOAK_MINUTES, or run `deploy/task soak`"))
    func nothingGrows() async throws {
        let seconds = try #require(Self.minutes) * 60
        let place = try Workplace()
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", keys).ending == .exited(0))
        let gate = SoakGate()
        let grounds = [
            try await Ground(place, "ipc", "ipc://\(place.path("echo"))", keys: nil, gate: gate),
            try await Ground(place, "tcp with keys", "tcp://127.0.0.1:0", keys: keys, gate: gate),
        ]
        var gauges = grounds.map { ProcessGauge("server over \($0.name)", $0.server.child.processID) }
        let fresh = gauges.map { ProcessGauge.sockets(of: $0.process) }
        gauges.append(ProcessGauge("all clients", getpid()))
        let traffic = grounds.map { $0.traffic() }
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) {
            try await Task.sleep(for: .seconds(seconds / 30))
            // In a pause: how much is under way at a time says nothing about what stays behind.
            await gate.close(for: traffic.map(\.count).reduce(0, +))
            await Self.untilSettled(gauges, isLong: seconds >= 600)
            let time = (ContinuousClock.now - start) / .seconds(1)
            for index in gauges.indices { gauges[index].look(at: time) }
            print("\(Int(time)) s: \(gauges.map(\.last).joined(separator: "; "))")
            await gate.open()
        }
        await gate.end()
        for (ground, strains) in zip(grounds, traffic) {
            for strain in strains { strain.times.cancel() }
            for strain in strains {
                let times = try await strain.times.value
                print("\(ground.name): \(times) \(strain.name)")
                #expect(times > 0, "\(ground.name): no \(strain.name) ever succeeded")
            }
            try await ground.checkKeys()
            var residue = ["nobody has looked"]
            for _ in 0..<100 where !residue.isEmpty {
                do { residue = try await ground.residue(strains) } catch { residue = ["\(error)"] }
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(residue == [], "\(ground.name): left on sessions without calls")
        }
        for gauge in gauges {
            print("\(gauge.name): \(gauge.description)")
            for quantity in ProcessGauge.Quantity.allCases {
                #expect(
                    gauge.growth(quantity) < quantity.tolerance,
                    "\(gauge.name): \(quantity.rawValue) grows: \(gauge.description)")
            }
        }
        // Once everybody has gone, the servers are as they were, but for the pools of memory, threads and timers.
        for ground in grounds { await ground.client.close() }
        for (index, ground) in grounds.enumerated() {
            try await place.until("\(ground.name): the server has no connection left") {
                ProcessGauge.sockets(of: ground.server.child.processID) <= fresh[index]
            }
            #expect(ground.server.child.ending == nil, "the server has not ended")
            ground.server.child.kill()
        }
    }
}

/// Lets the strains go on, or holds them where they have nothing under way.
private actor SoakGate {
    private var isClosed = false
    private var hasEnded = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var gone = 0
    private var closer: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    /// Waits while the gate is closed; false once it is all over.
    func pass() async -> Bool {
        if isClosed {
            await withCheckedContinuation { continuation in
                held.append(continuation)
                tellCloser()
            }
        }
        return !hasEnded
    }

    /// Returns when so many are held.
    func close(for count: Int) async {
        isClosed = true
        await withCheckedContinuation { continuation in
            closer = (count, continuation)
            tellCloser()
        }
    }

    /// One that is not coming back.
    func leave() {
        gone += 1
        tellCloser()
    }

    private func tellCloser() {
        guard let closer, held.count + gone >= closer.count else { return }
        self.closer = nil
        closer.continuation.resume()
    }

    func open() {
        isClosed = false
        for continuation in held { continuation.resume() }
        held = []
    }

    func end() {
        hasEnded = true
        open()
    }
}
