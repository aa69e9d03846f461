import Messaging
import RPC
import Synchronization

/// Measures calls from an endpoint of this process to a server, over a transport as processes use it.
public struct RPCBenchmark: Sendable {
    /// What was measured.
    public struct Measurement: Codable, Sendable {
        /// Where the server listened.
        public var address: String
        /// Time of one small call after another.
        public var unaryMedianMicroseconds: Double
        /// The same, 99th percentile.
        public var unary99thMicroseconds: Double
        /// Small calls, many at once.
        public var callsPerSecond: Double
        /// Bytes of 1 MiB attachments there and back, one after another; both ways count.
        public var echoBytesPerSecond: Double
        /// Bytes of one large attachment after another, one way.
        public var transferBytesPerSecond: Double
    }

    /// Calls one after another.
    public var sequentialCalls = 2000
    /// Calls many at once.
    public var pipelinedCalls = 20_000
    /// How many of those at once.
    public var concurrency = 256
    /// Bytes of a small call's message.
    public var messageBytes = 64
    /// Attachments there and back.
    public var echoes = 200
    /// Size of the large attachment.
    public var transferBytes = 64 << 20
    /// How many of them.
    public var transfers = 10

    /// The usual sizes.
    public init() {}

    /// The service that is called; it does nothing that takes time, and so runs on the thread of the sockets.
    public static var service: ServiceDefinition { .echo(BenchmarkEcho()).inline }

    /// Runs the benchmark between two endpoints of this process.
    ///
    /// The address says where to listen, such as `tcp://127.0.0.1:0`.
    ///
    /// - Throws: ``RPCStatus``.
    public func run(address: String, transport: any Transport = ZeroMQTransport()) async throws -> Measurement {
        let server = try Endpoint(name: "benchmark-server", transport: transport)
        let client = try Endpoint(name: "benchmark-client", transport: transport)
        let result: Result<Measurement, any Error>
        do {
            let listener = try await server.listen(address, services: [Self.service])
            result = .success(try await measure(listener.address, from: client))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.close()
        return try result.get()
    }

    /// Runs the benchmark against a server that serves ``service``.
    ///
    /// - Throws: ``RPCStatus``.
    public func measure(_ address: String, from client: Endpoint) async throws -> Measurement {
        let session = try await client.dial(address)
        let echo = EchoClient(session)
        return try await withTaskExecutorPreference(client.executor) {
            let request = EchoRequest(payload: [UInt8](repeating: 1, count: messageBytes))
            for _ in 0..<200 { _ = try await echo.unary(request) }
            let times = try await sequential(echo, request)
            return Measurement(
                address: address, unaryMedianMicroseconds: times[times.count / 2] / .microseconds(1),
                unary99thMicroseconds: times[times.count * 99 / 100] / .microseconds(1),
                callsPerSecond: try await pipelined(echo, request, client.executor),
                echoBytesPerSecond: try await echoed(echo), transferBytesPerSecond: try await transferred(echo))
        }
    }

    private func sequential(_ echo: EchoClient, _ request: EchoRequest) async throws -> [Duration] {
        let clock = ContinuousClock()
        var times: [Duration] = []
        for _ in 0..<sequentialCalls {
            let start = clock.now
            _ = try await echo.unary(request)
            times.append(clock.now - start)
        }
        return times.sorted()
    }

    private func pipelined(
        _ echo: EchoClient, _ request: EchoRequest, _ executor: ReactorTaskExecutor
    ) async throws -> Double {
        let calls = pipelinedCalls / concurrency
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<concurrency {
                    group.addTask(executorPreference: executor) {
                        for _ in 0..<calls { _ = try await echo.unary(request) }
                    }
                }
                try await group.waitForAll()
            }
        }
        return Double(calls * concurrency) / (time / .seconds(1))
    }

    private func echoed(_ echo: EchoClient) async throws -> Double {
        let attachment = Self.attachment(1 << 20)
        for _ in 0..<10 { _ = try await echo.unary(EchoRequest(), attachments: [attachment]) }
        let time = try await ContinuousClock().measure {
            for _ in 0..<echoes { _ = try await echo.unary(EchoRequest(), attachments: [attachment]) }
        }
        return Double(2 * echoes) * Double(attachment.bytes.count) / (time / .seconds(1))
    }

    private func transferred(_ echo: EchoClient) async throws -> Double {
        let attachment = Self.attachment(transferBytes)
        _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [attachment]) }
        let time = try await ContinuousClock().measure {
            for _ in 0..<transfers {
                _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [attachment]) }
            }
        }
        return Double(transfers) * Double(transferBytes) / (time / .seconds(1))
    }

    private static func attachment(_ count: Int) -> Attachment {
        Attachment(
            name: "data",
            ByteBuffer(count: count) { memory in
                for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index) }
            })
    }
}

/// Answers with what it was given, and counts the bytes of a stream.
private final class BenchmarkEcho: EchoService {
    /// Of calls with a key: who asks for one twice sees by its number that it was carried out once.
    private let executions = Atomic<UInt32>(0)

    func unary(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
        var response = EchoResponse(text: request.text, payload: request.payload)
        if !context.idempotencyKey.isEmpty {
            response.number = executions.wrappingAdd(1, ordering: .relaxed).newValue
        }
        return Reply(response, attachments: context.attachments)
    }

    func serverStream(
        _ request: EchoRequest, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
    ) async throws {
        for number in 0..<request.number {
            try await replies.send(EchoResponse(number: number, payload: request.payload))
        }
    }

    func clientStream(
        _ requests: MessageStream<EchoRequest>, _ context: ServerContext
    ) async throws -> Reply<EchoResponse> {
        var bytes = 0
        for try await item in requests { bytes += item.attachments.reduce(0) { $0 + $1.bytes.count } }
        return Reply(EchoResponse(attachmentBytes: UInt64(bytes)))
    }

    func bidirectional(
        _ requests: MessageStream<EchoRequest>, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
    ) async throws {
        for try await item in requests { try await replies.send(EchoResponse(text: item.message.text)) }
    }

    func relay(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
        try await unary(request, context)
    }
}
