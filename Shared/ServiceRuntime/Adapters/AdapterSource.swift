public import Ledger
public import Messaging
public import ServiceAPI

/// Where a process has the adapters that it serves: its own, or those that it fetches for others.
public protocol AdapterSource: Sendable {
    /// The newest adapter, and later ones as they come; who reads slowly sees the newest only.
    func hints() async -> AsyncStream<AdapterManifest>

    /// What an adapter consists of; it is looked up by its hash.
    ///
    /// - Throws: `RPCStatus` notFound if it is not kept here.
    func manifest(of policy: PublishedPolicy) async throws -> AdapterManifest

    /// A chunk, as soon as it is there.
    ///
    /// - Throws: `RPCStatus` notFound if no adapter that is kept here has it.
    func chunk(_ hash: ChunkHash) async throws -> ByteBuffer
}
