// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

import RPC

/// Adapters out: served by the learner, and by one sampler of each host to the others there.
public protocol AdaptersService: Sendable {
    /// The newest adapter, and every one that is published later.
    ///
    /// Only a hint that it exists: whoever is slow misses some, and loses nothing by it.
    func hints(
        _ request: DataAdapterHintsRequest, _ replies: MessageWriter<DataAdapterManifest>, _ context: ServerContext)
        async throws
    /// The manifest of an adapter that is still kept.
    func manifest(_ request: DataAdapterRequest, _ context: ServerContext) async throws -> Reply<DataAdapterManifest>
    /// The chunks in the order in which they are asked for, each as soon as it is there.
    func chunks(
        _ request: DataAdapterChunksRequest, _ replies: MessageWriter<DataAdapterChunk>, _ context: ServerContext)
        async throws
}

/// The methods of `atelier.data.Adapters`.
public enum AdaptersMethods {
    /// The newest adapter, and every one that is published later.
    ///
    /// Only a hint that it exists: whoever is slow misses some, and loses nothing by it.
    public static let hints = Method<DataAdapterHintsRequest, DataAdapterManifest>(
        service: "atelier.data.Adapters", name: "Hints", kind: .serverStreaming, idempotency: .unknown)
    /// The manifest of an adapter that is still kept.
    public static let manifest = Method<DataAdapterRequest, DataAdapterManifest>(
        service: "atelier.data.Adapters", name: "Manifest", kind: .unary, idempotency: .noSideEffects)
    /// The chunks in the order in which they are asked for, each as soon as it is there.
    public static let chunks = Method<DataAdapterChunksRequest, DataAdapterChunk>(
        service: "atelier.data.Adapters", name: "Chunks", kind: .serverStreaming, idempotency: .noSideEffects)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [hints.descriptor, manifest.descriptor, chunks.descriptor]
}

extension ServiceDefinition {
    /// `atelier.data.Adapters`, served by an implementation.
    public static func adapters(_ service: some AdaptersService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.data.Adapters",
            handlers: [
                MethodHandler(serverStreaming: AdaptersMethods.hints) { try await service.hints($0, $1, $2) },
                MethodHandler(unary: AdaptersMethods.manifest) { try await service.manifest($0, $1) },
                MethodHandler(serverStreaming: AdaptersMethods.chunks) { try await service.chunks($0, $1, $2) },
            ])
    }
}

/// Calls `atelier.data.Adapters` over a session or a channel.
public struct AdaptersClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// The newest adapter, and every one that is published later.
    ///
    /// Only a hint that it exists: whoever is slow misses some, and loses nothing by it.
    public func hints(
        _ request: DataAdapterHintsRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> MessageStream<DataAdapterManifest> {
        try await caller.serverStreaming(AdaptersMethods.hints, request, attachments: attachments, options: options)
    }

    /// The manifest of an adapter that is still kept.
    public func manifest(
        _ request: DataAdapterRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> Reply<DataAdapterManifest> {
        try await caller.unary(AdaptersMethods.manifest, request, attachments: attachments, options: options)
    }

    /// The chunks in the order in which they are asked for, each as soon as it is there.
    public func chunks(
        _ request: DataAdapterChunksRequest, attachments: [Attachment] = [], options: CallOptions = CallOptions()
    ) async throws(RPCStatus) -> MessageStream<DataAdapterChunk> {
        try await caller.serverStreaming(AdaptersMethods.chunks, request, attachments: attachments, options: options)
    }
}
