import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// What `atelier bench rpc` measures, of grpc-swift-2.
struct Measurement: Codable {
    var address: String
    var unaryMedianMicroseconds: Double
    var unary99thMicroseconds: Double
    var callsPerSecond: Double
    var echoBytesPerSecond: Double
    var transferBytesPerSecond: Double

    static func take(
        _ address: Address, calls: Int, concurrency: Int, echoes: Int, transfers: Int
    ) async throws -> Measurement {
        let transport = try HTTP2ClientTransport.Posix(target: address.target, transportSecurity: .plaintext)
        return try await withGRPCClient(transport: transport) { client in
            let (small, large) = ([UInt8](repeating: 1, count: 64), [UInt8](repeating: 2, count: 1 << 20))
            for _ in 0..<200 { try await unary(client, small) }
            let clock = ContinuousClock()
            var times: [Duration] = []
            for _ in 0..<2000 { times.append(try await clock.measure { try await unary(client, small) }) }
            times.sort()

            let pipelined = try await clock.measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<concurrency {
                        group.addTask { for _ in 0..<calls / concurrency { try await unary(client, small) } }
                    }
                    try await group.waitForAll()
                }
            }
            for _ in 0..<10 { try await unary(client, large) }
            let echoed = try await clock.measure { for _ in 0..<echoes { try await unary(client, large) } }
            try await upload(client, large)
            let transferred = try await clock.measure { for _ in 0..<transfers { try await upload(client, large) } }
            return Measurement(
                address: address.text, unaryMedianMicroseconds: times[1000] / .microseconds(1),
                unary99thMicroseconds: times[1980] / .microseconds(1),
                callsPerSecond: Double(calls / concurrency * concurrency) / (pipelined / .seconds(1)),
                echoBytesPerSecond: Double(2 * echoes * large.count) / (echoed / .seconds(1)),
                transferBytesPerSecond: Double(64 * transfers * large.count) / (transferred / .seconds(1)))
        }
    }

    private static func unary(_ client: GRPCClient<HTTP2ClientTransport.Posix>, _ message: [UInt8]) async throws {
        let reply = try await client.unary(
            request: ClientRequest(message: message), descriptor: Echo.unary, serializer: BytesSerializer(),
            deserializer: BytesDeserializer(), options: .defaults
        ) { try $0.message }
        precondition(reply.count == message.count, "an echo of \(reply.count) bytes instead of \(message.count)")
    }

    /// 64 MiB in messages of 1 MiB, as a file would be sent.
    private static func upload(_ client: GRPCClient<HTTP2ClientTransport.Posix>, _ part: [UInt8]) async throws {
        try await client.clientStreaming(
            request: StreamingClientRequest(producer: { for _ in 0..<64 { try await $0.write(part) } }),
            descriptor: Echo.upload, serializer: BytesSerializer(), deserializer: BytesDeserializer(),
            options: .defaults
        ) { _ = try $0.message }
    }
}
