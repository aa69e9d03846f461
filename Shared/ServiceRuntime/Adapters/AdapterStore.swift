public import Ledger
public import Messaging
import RPC
public import ServiceAPI

/// The adapters that a learner has published and samplers may still ask for.
public actor AdapterStore: AdapterSource {
    private var adapters: [Int: PublishedAdapter] = [:]
    private var board = HintBoard()

    public init() {}

    /// Publishes an adapter, and keeps none of a version below a bound any more.
    public func publish(_ adapter: PublishedAdapter, keepingFrom oldest: Int) {
        let version = adapter.manifest.policy.version
        // Later ones are of a time that the learner has gone back behind.
        adapters = adapters.filter { (oldest..<version).contains($0.key) }
        adapters[version] = adapter
        board.post(adapter.manifest)
    }

    public func hints() -> AsyncStream<AdapterManifest> {
        board.read { number in Task { await self.forget(number) } }
    }

    private func forget(_ reader: UInt64) { board.forget(reader) }

    public func manifest(of policy: PublishedPolicy) throws -> AdapterManifest {
        guard let adapter = adapters.values.first(where: { $0.manifest.policy.sha256 == policy.sha256 }) else {
            throw RPCStatus(.notFound, "adapter version \(policy.version) is not kept here")
        }
        return adapter.manifest
    }

    public func chunk(_ hash: ChunkHash) throws -> ByteBuffer {
        for adapter in adapters.values {
            if let index = adapter.manifest.chunks.firstIndex(of: hash) { return adapter.chunks[index] }
        }
        throw RPCStatus(.notFound, "the chunk belongs to no adapter that is kept here")
    }
}
