import Ledger
import RPC
import ServiceAPI
import Wire

/// Serves adapters.
public struct AdapterEndpoint: AdaptersService {
    private let source: any AdapterSource

    public init(_ source: any AdapterSource) {
        self.source = source
    }

    public func hints(
        _ request: DataAdapterHintsRequest, _ replies: MessageWriter<DataAdapterManifest>, _ context: ServerContext
    ) async throws {
        for await manifest in await source.hints() { try await replies.send(manifest.wire) }
    }

    public func manifest(
        _ request: DataAdapterRequest, _ context: ServerContext
    ) async throws -> Reply<DataAdapterManifest> {
        Reply(try await source.manifest(of: PublishedPolicy(request)).wire)
    }

    public func chunks(
        _ request: DataAdapterChunksRequest, _ replies: MessageWriter<DataAdapterChunk>, _ context: ServerContext
    ) async throws {
        for bytes in request.chunks {
            let hash: ChunkHash
            do { hash = try ChunkHash(bytes) } catch { throw error.status }
            let chunk = try await source.chunk(hash)
            try await replies.send(DataAdapterChunk(sha256: bytes), attachments: [Attachment(name: "chunk", chunk)])
        }
    }
}
