import Foundation
import Messaging
import RPC
import Synchronization
import Testing
import Wire

/// When handlers begin, and what becomes of the tasks that wait for a call.
@Suite("Handlers and their tasks", .timeLimit(.minutes(1)))
struct HandlerTaskTests {
    private static let networks = [Network.memory, .tcp]

    private static func service(_ handlers: MethodHandler...) -> ServiceDefinition {
        ServiceDefinition(name: "atelier.echo.Echo", handlers: handlers)
    }

    /// A window that one message of `large` fills.
    private static var smallWindow: EndpointConfiguration {
        var configuration = EndpointConfiguration()
        configuration.limits.callWindowBytes = 1 << 16
        return configuration
    }

    private static let large = EchoResponse(payload: [UInt8](repeating: 1, count: 60_000))

    /// Lets the tasks of a handler come to wait: each of them has been on the thread of the sockets.
    private static func settle(_ context: ServerContext) async {
        for _ in 0..<100 { _ = await context.session.isOpen }
    }

    // MARK: The beginning

    /// Nobody wants the answer any more, whatever kept the handler from its thread.
    @Test func aHandlerIsNotBegunAfterItsDeadline() async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(unary: EchoMethods.unary) { request, _ in
                journal.add(request.text)
                if request.text == "slow" { usleep(50_000) }
                return Reply(EchoResponse())
            })
        try await Pair.with(.memory, services: [echo.inline]) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            // Both requests are there before the server's thread looks at either; the first then keeps it.
            let hold = Hold()
            pair.server.reactor.submit { hold.wait() }
            for (call, text, timeout) in [(UInt64(1), "slow", UInt64(10_000_000)), (3, "late", 5000)] {
                let head = ZRPCallHead(method: EchoMethods.unary.descriptor.path, timeoutUs: timeout)
                await raw.send(
                    FrameHeader(.request, call: call, flags: 1), try head.encoded(),
                    try EchoRequest(text: text).encoded())
            }
            hold.release()
            var codes: [UInt64: UInt32] = [:]
            while codes.count < 2 {
                guard let first = await raw.next(.status)?.first, case .header(let header) = FrameHeader.read(first)
                else { throw RPCStatus(.unavailable, "the session ended") }
                codes[header.call] = header.auxiliary
            }
            #expect(codes == [1: RPCStatus.Code.ok.number, 3: RPCStatus.Code.deadlineExceeded.number])
            #expect(journal.count("late") == 0)
            await raw.vanish()
        }
    }

    /// Whoever asked meanwhile has given the session up.
    @Test(arguments: [Network.ipc, .tcp])
    func aThreadThatHasStoodStillServesNothingThatCameMeanwhile(network: Network) async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(unary: EchoMethods.unary) { request, _ in
                journal.add(request.text)
                return Reply(EchoResponse())
            })
        var configuration = EndpointConfiguration()
        configuration.heartbeat = .milliseconds(200)
        configuration.lease = .milliseconds(600)
        try await Pair.with(network, serverConfiguration: configuration, services: [echo]) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            let ballast = Mutex([UInt8]())
            pair.server.reactor.submit {
                journal.add("stands still")
                usleep(1_500_000)
                // Who looks after the memory reads the sockets, and its time comes before that of a heartbeat.
                ballast.withLock { $0 = [UInt8](repeating: 1, count: 64 << 20) }
            }
            await journal.wait(for: "stands still")
            let head = ZRPCallHead(method: EchoMethods.unary.descriptor.path, timeoutUs: 30_000_000)
            for number in UInt64(0)..<500 {
                await raw.send(
                    FrameHeader(.request, call: 2 * number + 1, flags: 1), try head.encoded(),
                    try EchoRequest(text: "late").encoded())
            }
            #expect(await raw.next(.reset) != nil)
            #expect(journal.count("late") == 0)
            ballast.withLock { $0 = [] }
            await raw.vanish()
        }
    }

    @Test(arguments: [[], [UInt8(1)]])
    func aHandlerIsNotBegunForACallerThatIsGone(key: [UInt8]) async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(unary: EchoMethods.unary) { request, _ in
                journal.add(request.text)
                return Reply(EchoResponse())
            })
        try await Pair.with(.memory, services: [echo.inline]) { pair in
            _ = try await pair.echo.unary(EchoRequest(text: "first"))
            // Request and cancellation are there before the server's thread looks at either.
            let hold = Hold()
            pair.server.reactor.submit { hold.wait() }
            let options = CallOptions(timeout: .milliseconds(20), idempotencyKey: key)
            let status = await #expect(throws: RPCStatus.self) {
                try await pair.echo.unary(EchoRequest(text: "gone"), options: options)
            }
            #expect(status?.code == .deadlineExceeded)
            hold.release()
            _ = try await pair.echo.unary(EchoRequest(text: "last"))
            #expect(journal.count("gone") == 0)
        }
    }

    // MARK: Waits that end

    @Test(arguments: networks)
    func aMessageAfterTheEndIsRefusedAtBothEnds(network: Network) async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(bidirectional: EchoMethods.bidirectional) { _, replies, _ in
                replies.finish()
                do throws(RPCStatus) { try await replies.send(EchoResponse()) } catch { journal.add("\(error.code)") }
                try await Task.sleep(for: .seconds(60))
            })
        try await Pair.with(network, services: [echo]) { pair in
            let status = await #expect(throws: RPCStatus.self) {
                try await pair.echo.bidirectional { writer, _ in
                    await journal.wait(for: "failedPrecondition")
                    writer.finish()
                    try await writer.send(EchoRequest())
                }
            }
            #expect(status?.code == .failedPrecondition)
            #expect(status?.message == "atelier.echo.Echo/Bidirectional: a message after the end of the stream")
        }
    }

    @Test(arguments: networks)
    func tasksThatOutliveTheirHandlerAreToldOfItsEnd(network: Network) async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(bidirectional: EchoMethods.bidirectional) { requests, replies, context in
                Task {
                    for try await _ in requests {}
                    journal.add("nothing more to read")
                }
                Task {
                    do throws(RPCStatus) {
                        while true { try await replies.send(Self.large) }
                    } catch { journal.add("\(error.code) when writing") }
                }
                await Self.settle(context)
            })
        try await Pair.with(network, clientConfiguration: Self.smallWindow, services: [echo]) { pair in
            try await pair.echo.bidirectional { _, replies in
                await journal.wait(for: "nothing more to read")
                await journal.wait(for: "cancelled when writing")
                // What they had sent before arrives, and the call ends well.
                for try await _ in replies {}
            }
        }
    }

    @Test(arguments: networks)
    func aTaskThatIsCancelledStopsItsOwnWaitOnly(network: Network) async throws {
        let journal = Journal()
        let echo = Self.service(
            MethodHandler(bidirectional: EchoMethods.bidirectional) { requests, replies, context in
                func next() async throws -> UInt32? {
                    var iterator = requests.makeAsyncIterator()
                    return try await iterator.next()?.message.number
                }
                let writing = Task { for _ in 0..<3 { try await replies.send(Self.large) } }
                for _ in 0..<2 {
                    let reading = Task { try await next() }
                    await Self.settle(context)
                    reading.cancel()
                    let status = await #expect(throws: RPCStatus.self) { try await reading.value }
                    #expect(status?.code == .cancelled)
                }
                let idle = Task {
                    journal.add("a fourth")
                    try await replies.send(Self.large)
                }
                await journal.wait(for: "a fourth")
                await Self.settle(context)
                idle.cancel()
                await #expect(throws: RPCStatus.self) { try await idle.value }
                journal.add("cancelled")
                #expect(try await next() == 7)
                try await writing.value
            })
        try await Pair.with(network, clientConfiguration: Self.smallWindow, services: [echo]) { pair in
            let count = try await pair.echo.bidirectional { writer, replies in
                await journal.wait(for: "cancelled")
                try await writer.send(EchoRequest(number: 7))
                var count = 0
                for try await _ in replies { count += 1 }
                return count
            }
            #expect(count == 4, "who waits no longer has sent all the same")
        }
    }

    /// Headers come from the end that serves: there is nothing to wait for.
    @Test(arguments: networks)
    func aHandlerFindsTheCallersMetadataAtItsStream(network: Network) async throws {
        let echo = Self.service(
            MethodHandler(clientStreaming: EchoMethods.clientStream) { requests, _ in
                Reply(EchoResponse(text: await requests.headers["x-word"] ?? ""))
            })
        try await Pair.with(network, services: [echo]) { pair in
            let options = CallOptions(timeout: .seconds(10), metadata: ["x-word": "here"])
            let reply = try await pair.echo.clientStream(options: options) { _ in }
            #expect(reply.message.text == "here")
        }
    }
}

/// Keeps a thread.
private final class Hold: Sendable {
    private let isReleased = Atomic(false)

    func release() { isReleased.store(true, ordering: .releasing) }

    func wait() {
        while !isReleased.load(ordering: .acquiring) { _ = poll(nil, 0, 1) }
    }
}
