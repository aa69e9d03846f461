import Messaging
import RPC

/// Measures calls between two endpoints of this process, over a transport as processes use it.
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
        /// Bytes of one large attachment after another, one way.
        public var transferBytesPerSecond: Double
    }

    /// Calls one after another.
    public var sequentialCalls = 2000
    /// Calls many at once.
    public var pipelinedCalls = 20_000
    /// How many of those at once.
    public var concurrency = 64
    /// Size of the large attachment.
    public var transferBytes = 64 << 20
    /// How many of them.
    public var transfers = 10

    /// The usual sizes.
    public init() {}

    /// Runs the benchmark.
    ///
    /// The address says where to listen, such as `tcp://127.0.0.1:0`.
    ///
    /// - Throws: ``RPCStatus``.
    public func run(address: String, transport: any Transport = ZeroMQTransport()) async throws -> Measurement {
        let server = try Endpoint(name: "benchmark-server", transport: transport)
        let client = try Endpoint(name: "benchmark-client", transport: transport)
        let result: Result<Measurement, any Error>
        do {
            let listener = try await server.listen(address, services: [.echo(BenchmarkEcho())])
            let session = try await client.dial(listener.address)
            result = .success(try await measure(EchoClient(session), listener.address))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.close()
        return try result.get()
    }

    private func measure(_ echo: EchoClient, _ address: String) async throws -> Measurement {
        let clock = ContinuousClock()
        let request = EchoRequest(text: "a small request", payload: [UInt8](repeating: 1, count: 32))
        for _ in 0..<200 { _ = try await echo.unary(request) }
        var times: [Duration] = []
        for _ in 0..<sequentialCalls {
            let start = clock.now
            _ = try await echo.unary(request)
            times.append(clock.now - start)
        }
        times.sort()

        let pipelined = try await clock.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<concurrency {
                    group.addTask {
                        for _ in 0..<(pipelinedCalls / concurrency) { _ = try await echo.unary(request) }
                    }
                }
                try await group.waitForAll()
            }
        }

        let large = Attachment(
            name: "large",
            ByteBuffer(count: transferBytes) { memory in
                for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index) }
            })
        _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [large]) }
        let transfer = try await clock.measure {
            for _ in 0..<transfers {
                _ = try await echo.clientStream { try await $0.send(EchoRequest(), attachments: [large]) }
            }
        }
        return Measurement(
            address: address, unaryMedianMicroseconds: times[times.count / 2] / .microseconds(1),
            unary99thMicroseconds: times[times.count * 99 / 100] / .microseconds(1),
            callsPerSecond: Double(pipelinedCalls / concurrency * concurrency) / (pipelined / .seconds(1)),
            transferBytesPerSecond: Double(transfers) * Double(transferBytes) / (transfer / .seconds(1)))
    }
}

/// Answers with the text it was given, and counts the bytes of a stream.
private struct BenchmarkEcho: EchoService {
    func unary(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
        Reply(EchoResponse(text: request.text, payload: request.payload))
    }

    func serverStream(
        _ request: EchoRequest, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
    ) async throws {
        for number in 0..<request.number { try await replies.send(EchoResponse(number: number)) }
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
