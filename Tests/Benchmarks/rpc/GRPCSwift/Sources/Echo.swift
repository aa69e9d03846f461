import GRPCCore

/// The methods of `echo.proto`, with messages that are their bytes: coding a protobuf message would only add to them.
enum Echo {
    static let unary = MethodDescriptor(fullyQualifiedService: "bench.Echo", method: "Unary")
    static let upload = MethodDescriptor(fullyQualifiedService: "bench.Echo", method: "Upload")
}

/// Bytes as they are.
struct BytesSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }
}

/// Bytes as they are.
struct BytesDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}

/// Answers with what it was given, and reads streams to their end.
struct EchoService: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Echo.unary, deserializer: BytesDeserializer(), serializer: BytesSerializer()
        ) { request, _ in
            let request = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: request.message))
        }
        router.registerHandler(
            forMethod: Echo.upload, deserializer: BytesDeserializer(), serializer: BytesSerializer()
        ) { request, _ in
            for try await _ in request.messages {}
            return StreamingServerResponse(single: ServerResponse(message: []))
        }
    }
}
