public import Foundation
public import Ledger
public import Messaging
public import RPC
public import ServiceAPI
import Wire

/// Fetches adapters from a peer, and looks at each chunk.
public struct AdapterClient: Sendable {
    /// Longer than any adapter takes; a peer that is gone ends a call within seconds anyway.
    private static let timeout = Duration.seconds(600)

    /// Where the peer is, for messages.
    public let address: String
    private let client: AdaptersClient
    private let waitForReady: Bool

    /// A client of the peer at the end of a channel.
    ///
    /// - Parameters:
    ///   - channel: the way to the peer.
    ///   - waitForReady: whether a peer that is not there is waited for, as a learner is while it starts again.
    public init(_ channel: Channel, waitForReady: Bool) {
        address = channel.address
        client = AdaptersClient(channel)
        self.waitForReady = waitForReady
    }

    /// Hands over every hint until the task is cancelled.
    ///
    /// - Throws: `RPCStatus` when the peer is gone, or what `take` throws.
    public func hints(
        isolation: isolated (any Actor)? = #isolation, _ take: (AdapterManifest) async throws -> Void
    ) async throws {
        let options = CallOptions(timeout: .seconds(30 * 86_400))
        for try await item in try await client.hints(DataAdapterHintsRequest(), options: options) {
            try await take(AdapterManifest(item.message))
        }
    }

    /// What an adapter consists of.
    ///
    /// - Throws: `RPCStatus`, or `PeerError` if it makes no sense.
    public func manifest(of policy: PublishedPolicy) async throws -> AdapterManifest {
        let reply = try await client.manifest(
            policy.manifestRequest, options: CallOptions(timeout: .seconds(30), waitForReady: waitForReady))
        return try AdapterManifest(reply.message)
    }

    /// Hands over chunks as they come, in the order in which they are asked for.
    ///
    /// - Throws: `RPCStatus`; `PeerError` for a chunk that is not what it should be; what `take` throws.
    public func chunks(
        _ hashes: [ChunkHash], isolation: isolated (any Actor)? = #isolation,
        _ take: (ChunkHash, ByteBuffer) async throws -> Void
    ) async throws {
        var left = hashes[...]
        let request = DataAdapterChunksRequest(chunks: hashes.map(\.bytes))
        for try await item in try await client.chunks(request, options: CallOptions(timeout: Self.timeout)) {
            guard let hash = left.popFirst(), let chunk = item.attachments.first?.bytes else { break }
            guard ChunkHash(of: chunk) == hash else {
                throw PeerError("\(address) sent a chunk of an adapter whose SHA-256 is not the one in its manifest")
            }
            try await take(hash, chunk)
        }
        guard left.isEmpty else { throw PeerError("\(address) did not send all chunks of an adapter") }
    }

    /// A whole adapter.
    ///
    /// - Parameter policy: as the coordinator's lease names it.
    /// - Returns: its bytes, whose hash is that of the policy.
    /// - Throws: `RPCStatus`, or `PeerError` if it is not what was published.
    public func adapter(_ policy: PublishedPolicy) async throws -> Data {
        let manifest = try await manifest(of: policy)
        var chunks: [ByteBuffer] = []
        try await self.chunks(manifest.chunks) { chunks.append($1) }
        do { return try PublishedAdapter(manifest, chunks: chunks).bytes(of: policy) } catch {
            throw PeerError("\(address): \(error.description)")
        }
    }
}
