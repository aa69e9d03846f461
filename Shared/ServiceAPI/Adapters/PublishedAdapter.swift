public import Foundation
public import Ledger
public import Messaging

/// An adapter in chunks, as it travels.
public struct PublishedAdapter: Sendable {
    public let manifest: AdapterManifest
    /// In order; each is what its hash says.
    public let chunks: [ByteBuffer]

    /// Cuts an adapter.
    public init(_ bytes: Data, _ policy: PublishedPolicy, chunkBytes: Int = AdapterManifest.usualChunkBytes) {
        chunks = stride(from: 0, to: bytes.count, by: chunkBytes).map { start in
            let end = min(start + chunkBytes, bytes.count)
            return ByteBuffer(count: end - start) { memory in
                _ = bytes.copyBytes(to: memory, from: bytes.startIndex + start..<bytes.startIndex + end)
            }
        }
        manifest = AdapterManifest(
            policy: policy, bytes: bytes.count, chunkBytes: chunkBytes, chunks: chunks.map { ChunkHash(of: $0) })
    }

    /// Puts an adapter together whose chunks have been looked at one by one.
    public init(_ manifest: AdapterManifest, chunks: [ByteBuffer]) {
        self.manifest = manifest
        self.chunks = chunks
    }

    /// The bytes, if they are what was published.
    ///
    /// The hashes of the chunks come from whom the chunks come from; the hash of the whole comes from the coordinator.
    ///
    /// - Parameter policy: the adapter as the coordinator's lease names it.
    /// - Returns: the whole.
    /// - Throws: `PeerError` if the whole has another hash or another size.
    public func bytes(of policy: PublishedPolicy) throws(PeerError) -> Data {
        var whole = Data(capacity: manifest.bytes)
        for chunk in chunks { chunk.withUnsafeBytes { whole.append(contentsOf: $0) } }
        let hash = AdapterHash.of(whole)
        guard hash == policy.sha256 else {
            throw PeerError("adapter \(policy.version) has SHA-256 \(hash), published was \(policy.sha256)")
        }
        return whole
    }
}
