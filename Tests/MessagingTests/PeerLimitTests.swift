import Messaging
import RPC
import Synchronization
import Testing
import Wire

/// What a peer may do within the protocol, and what must not follow from it.
@Suite("The edges of what a peer may do", .timeLimit(.minutes(1)))
struct PeerLimitTests {
    private static func echo(_ body: @escaping @Sendable () throws -> Reply<EchoResponse>) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [MethodHandler(unary: EchoMethods.unary) { _, _ in try body() }])
    }

    private static func request(
        _ pair: Pair, call: UInt64 = 1, key: [UInt8] = [], timeout: UInt64 = 0
    ) async throws -> (raw: RawPeer, status: FrameHeader?) {
        let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
        try await raw.sayHello()
        _ = await raw.next(.welcome)
        let head = ZRPCallHead(method: "atelier.echo.Echo/Unary", timeoutUs: timeout, idempotencyKey: key)
        await raw.send(FrameHeader(.request, call: call, flags: 1), try head.encoded(), try EchoRequest().encoded())
        guard let first = await raw.next(.status)?.first, case .header(let status) = FrameHeader.read(first) else {
            return (raw, nil)
        }
        return (raw, status)
    }

    @Test func theLargestCallIDIsACallLikeOthers() async throws {
        try await Pair.with(.tcp) { pair in
            let (raw, status) = try await Self.request(pair, call: .max)
            #expect(status?.auxiliary == 0)
            let counts = await pair.server.snapshots().map(\.callsStarted).sorted()
            #expect(counts == [0, 1])
            await raw.vanish()
        }
    }

    @Test func aKeyThatIsTooLongIsRefusedByBothEnds() async throws {
        try await Pair.with(.tcp) { pair in
            let key = [UInt8](repeating: 7, count: 257)
            let (raw, status) = try await Self.request(pair, key: key)
            #expect(status?.auxiliary == RPCStatus.Code.invalidArgument.number)
            await raw.vanish()
            let options = CallOptions(idempotencyKey: key)
            let refusal = await #expect(throws: RPCStatus.self) {
                try await pair.echo.unary(EchoRequest(), options: options)
            }
            #expect(refusal?.code == .invalidArgument)
        }
    }

    /// A receiver takes a head above the limit for malformed, and the session would end with all calls.
    @Test func aStatusThatIsTooLongEndsItsCallOnly() async throws {
        let accents = "a" + String(repeating: "\u{301}", count: 50_000)
        for (number, isText) in [true, false].enumerated() {
            let service = Self.echo {
                var status = RPCStatus(.notFound, isText ? accents : "see the details")
                if !isText { status.details = [.init(typeURL: "x", value: [UInt8](repeating: 1, count: 100_000))] }
                throw status
            }
            try await Pair.with(.tcp, services: [service]) { pair in
                let failure = await #expect(throws: RPCStatus.self) { try await pair.echo.unary(EchoRequest()) }
                #expect(failure?.code == (isText ? .notFound : .resourceExhausted), "\(number)")
                #expect((failure?.message.utf8.count ?? 0) <= 4100)
                #expect(await pair.session.isOpen)
            }
        }
    }

    /// Neither is left out in silence.
    @Test func keysThatCannotTravelFailTheirCall() async throws {
        let service = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { request, context in
                    if request.number > 0 { try await context.sendHeaders(["a\0b": "1"]) }
                    return Reply(EchoResponse(), trailers: ["a\0b": "1"])
                }
            ])
        try await Pair.with(.tcp, services: [service]) { pair in
            for number in UInt32(0)...1 {
                let failure = await #expect(throws: RPCStatus.self) {
                    try await pair.echo.unary(EchoRequest(number: number))
                }
                #expect(failure?.code == .internalError, "the caller has done nothing wrong")
                #expect(failure?.message.contains("NUL") == true)
            }
            #expect(await pair.session.isOpen)
        }
    }

    private static func announce(_ raw: RawPeer, call: UInt64, bytes: UInt64) async throws {
        let attachment = ZRPAttachment(size: bytes, chunked: true, name: "large")
        let head = ZRPCallHead(method: "atelier.echo.Echo/Unary", attachments: [attachment])
        await raw.send(FrameHeader(.request, call: call, flags: 1), try head.encoded(), try EchoRequest().encoded())
    }

    /// One budget for all, since a peer may open as many sessions as it likes, and half of it for each peer.
    @Test func attachmentsOfAllSessionsShareTheMemory() async throws {
        var configuration = EndpointConfiguration()
        configuration.memoryBudget = 10 << 20
        try await Pair.with(.tcp, serverConfiguration: configuration) { pair in
            func isRefused(_ raw: RawPeer) async -> Bool {
                guard let first = await raw.next(.status)?.first, case .header(let status) = FrameHeader.read(first)
                else { return false }
                return status.auxiliary == RPCStatus.Code.resourceExhausted.number
            }
            var holders: [RawPeer] = []
            for _ in 0..<2 {
                let (holder, _) = try await Self.request(pair)
                try await Self.announce(holder, call: 3, bytes: 4 << 20)
                try await Self.announce(holder, call: 5, bytes: 2 << 20)
                #expect(await isRefused(holder), "more than half of the memory for one peer")
                holders.append(holder)
            }
            let (other, _) = try await Self.request(pair)
            try await Self.announce(other, call: 3, bytes: 4 << 20)
            #expect(await isRefused(other), "more than all peers together may have")
            // What never came whole is given back with its session.
            for holder in holders { await holder.vanish() }
            let large = Attachment(name: "large", ByteBuffer(count: 4 << 20) { _ in })
            for _ in 0..<400 where (try? await pair.echo.unary(EchoRequest(), attachments: [large])) == nil {
                try await Task.sleep(for: .milliseconds(10))
            }
            let reply = try await pair.echo.unary(EchoRequest(), attachments: [large])
            #expect(reply.message.attachmentBytes == 4 << 20)
            await other.vanish()
        }
    }

    @Test(arguments: [false, true])
    func whoTakesSmallFramesIsSentNoLargerOnes(isServer: Bool) async throws {
        var configuration = EndpointConfiguration()
        configuration.limits.maximumFrameBytes = 64 << 10
        let other = EndpointConfiguration()
        try await Pair.with(
            .tcp, serverConfiguration: isServer ? configuration : other,
            clientConfiguration: isServer ? other : configuration
        ) { pair in
            let attachments = [60 << 10, 60 << 10, 1 << 20 + 1].map { size in
                Attachment(ByteBuffer(count: size) { $0.copyBytes(from: (0..<size).map { UInt8($0 & 127) }) })
            }
            let reply = try await pair.echo.unary(EchoRequest(), attachments: attachments)
            #expect(reply.attachments == attachments)
            let body = [UInt8](repeating: 1, count: 65 << 10)
            let refusal = await #expect(throws: RPCStatus.self) {
                try await pair.echo.unary(EchoRequest(payload: body))
            }
            #expect(refusal?.code == .resourceExhausted)
            #expect(refusal?.message.contains("the peer takes frames of 65536") == true)
            #expect(await pair.session.isOpen)
        }
    }

    /// It has begun, whatever a call that it made itself says of itself.
    @Test func aHandlerThatFailsWithTheFailureOfAnotherCallIsNotRunAgain() async throws {
        let runs = Mutex(0)
        let service = Self.echo {
            runs.withLock { $0 += 1 }
            throw RPCStatus(.unavailable, "somebody else is not there", notProcessed: true)
        }
        try await Pair.with(.memory, services: [service]) { pair in
            let failure = await #expect(throws: RPCStatus.self) {
                try await pair.echo.unrepeatableUnary(EchoRequest())
            }
            #expect(failure?.code == .unavailable)
            #expect(failure?.notProcessed == false)
            #expect(runs.withLock(\.self) == 1)
        }
    }

    @Test func aPingTellsOfTheCallsThatAreMoreThanTheProcessCanWorkOn() async throws {
        var configuration = EndpointConfiguration()
        configuration.capacity = 2
        configuration.heartbeat = .milliseconds(20)
        try await Pair.with(.tcp, serverConfiguration: configuration) { pair in
            let calls = (0..<5).map { _ in
                Task { try await pair.echo.unary(EchoRequest(delayUs: 60_000_000)) }
            }
            while await pair.server.snapshots().reduce(0, { $0 + $1.calls.count }) < 5 { await Task.yield() }
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            let frames = try #require(await raw.next(.ping))
            let ping = try ZRPPing(decoding: frames[1].withUnsafeBytes { Array($0) })
            #expect(ping.activeCalls == 2)
            #expect(ping.queuedCalls == 3)
            #expect(ping.capacity == 2)
            for call in calls { call.cancel() }
            await raw.vanish()
        }
    }

    /// The soak's last finding: the failure was a status that said "ok".
    @Test func aTaskThatIsCancelledAfterItsStreamHasEndedWellFailsAsCancelled() async throws {
        try await Pair.with(.tcp) { pair in
            let reader = Task {
                let stream = try await pair.echo.serverStream(EchoRequest(number: 3))
                while !Task.isCancelled { await Task.yield() }
                for try await _ in stream {}
            }
            while await pair.client.snapshots().allSatisfy({ $0.callsStarted == 0 || !$0.calls.isEmpty }) {
                await Task.yield()
            }
            reader.cancel()
            let failure = await #expect(throws: RPCStatus.self) { try await reader.value }
            #expect(failure?.code == .cancelled)
        }
    }

    @Test func anAnswerThatGetsNoCreditIsGivenUpAtTheDeadline() async throws {
        let large = Attachment(name: "large", ByteBuffer(count: 64 << 20) { _ in })
        let service = Self.echo { Reply(EchoResponse(), attachments: [large]) }
        try await Pair.with(.tcp, services: [service]) { pair in
            let (raw, status) = try await Self.request(pair, timeout: 300_000)
            #expect(status?.auxiliary == RPCStatus.Code.deadlineExceeded.number)
            #expect(await pair.server.snapshots().allSatisfy { $0.calls.isEmpty })
            await raw.vanish()
        }
    }
}
