public import Ledger
public import Wire

/// What a published adapter consists of: chunks that may come from anybody, because their hashes are known.
public struct AdapterManifest: Hashable, Sendable {
    /// Bytes of a chunk as a learner cuts them: one inline attachment.
    public static let usualChunkBytes = 1 << 20
    /// More than any adapter has.
    private static let maximumBytes: UInt64 = 8 << 30

    /// The adapter as it stands in the books.
    public let policy: PublishedPolicy
    /// Bytes of the whole.
    public let bytes: Int
    /// Bytes of every chunk but the last.
    public let chunkBytes: Int
    public let chunks: [ChunkHash]

    init(policy: PublishedPolicy, bytes: Int, chunkBytes: Int, chunks: [ChunkHash]) {
        self.policy = policy
        self.bytes = bytes
        self.chunkBytes = chunkBytes
        self.chunks = chunks
    }

    /// - Throws: `PeerError` if the sizes make no sense.
    public init(_ wire: DataAdapterManifest) throws(PeerError) {
        guard !wire.sha256.isEmpty else { throw PeerError("the manifest of adapter \(wire.version) has no hash") }
        guard wire.chunkBytes > 0, wire.bytes > 0, wire.bytes <= Self.maximumBytes,
            (wire.bytes - 1) / UInt64(wire.chunkBytes) + 1 == wire.chunks.count
        else {
            throw PeerError(
                "the manifest of adapter \(wire.version) cuts \(wire.bytes) bytes by \(wire.chunkBytes) into "
                    + "\(wire.chunks.count) chunks")
        }
        var chunks: [ChunkHash] = []
        for chunk in wire.chunks { chunks.append(try ChunkHash(chunk)) }
        self.init(
            policy: PublishedPolicy(version: Int(wire.version), sha256: wire.sha256, modules: Int(wire.modules)),
            bytes: Int(wire.bytes), chunkBytes: Int(wire.chunkBytes), chunks: chunks)
    }

    public var wire: DataAdapterManifest {
        DataAdapterManifest(
            version: UInt32(policy.version), sha256: policy.sha256, modules: UInt32(policy.modules),
            bytes: UInt64(bytes), chunkBytes: UInt32(chunkBytes), chunks: chunks.map(\.bytes))
    }
}

extension PublishedPolicy {
    /// The request for its manifest.
    public var manifestRequest: DataAdapterRequest { DataAdapterRequest(version: UInt32(version), sha256: sha256) }

    /// Whose manifest is asked for.
    public init(_ request: DataAdapterRequest) {
        self.init(version: Int(request.version), sha256: request.sha256, modules: 0)
    }
}
