public import Foundation
public import Ledger
public import Messaging
import RPC
public import ServiceAPI

/// Fetches every adapter once, for all samplers of a host.
///
/// A chunk is handed on as soon as it has come, so that a chain of relays costs the time of one chunk and not of one
/// adapter. Nothing that it says has to be believed: who reads from it compares the whole with the coordinator's hash.
public actor AdapterRelay: AdapterSource {
    /// Adapters that are kept; older ones are fetched again if somebody asks.
    private static let kept = 3

    private struct Entry {
        let manifest: AdapterManifest
        var pull: Task<Void, Never>?
    }

    private let upstream: AdapterClient
    /// The oldest first.
    private var entries: [Entry] = []
    private var chunks: [ChunkHash: ByteBuffer] = [:]
    private var waiters: [ChunkHash: [CheckedContinuation<ByteBuffer, any Error>]] = [:]
    private var questions: [String: Task<AdapterManifest, any Error>] = [:]
    private var board = HintBoard()
    private var following: Task<Void, Never>?

    /// A relay of what a peer serves.
    public init(_ upstream: AdapterClient) {
        self.upstream = upstream
    }

    /// Fetches from now on what the peer hints at, before anybody asks for it.
    public func start() {
        following = Task { [weak self, upstream] in
            while !Task.isCancelled {
                try? await upstream.hints { await self?.begin($0) }
                // Gone, or busy: whoever needs an adapter meanwhile asks for it by name.
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    public func stop() {
        following?.cancel()
        for entry in entries { entry.pull?.cancel() }
    }

    // MARK: Serving

    public func hints() -> AsyncStream<AdapterManifest> {
        board.read { number in Task { await self.forget(number) } }
    }

    private func forget(_ reader: UInt64) { board.forget(reader) }

    public func manifest(of policy: PublishedPolicy) async throws -> AdapterManifest {
        if let entry = entries.first(where: { $0.manifest.policy.sha256 == policy.sha256 }) { return entry.manifest }
        // One question for all who ask at once. Detached: it must not inherit the deadline of the first of them.
        let question =
            questions[policy.sha256] ?? Task.detached { [upstream] in try await upstream.manifest(of: policy) }
        questions[policy.sha256] = question
        defer { questions[policy.sha256] = nil }
        let manifest = try await question.value
        begin(manifest)
        return manifest
    }

    public func chunk(_ hash: ChunkHash) async throws -> ByteBuffer {
        if let chunk = chunks[hash] { return chunk }
        guard let index = entries.firstIndex(where: { $0.manifest.chunks.contains(hash) }) else {
            throw RPCStatus(.notFound, "the chunk belongs to no adapter that is kept here")
        }
        pull(index)
        return try await withCheckedThrowingContinuation { waiters[hash, default: []].append($0) }
    }

    /// A whole adapter, for the process that the relay is in.
    ///
    /// - Throws: `RPCStatus`, or `PeerError` if it is not what was published.
    public func adapter(_ policy: PublishedPolicy) async throws -> Data {
        let manifest = try await manifest(of: policy)
        var chunks: [ByteBuffer] = []
        for hash in manifest.chunks { chunks.append(try await chunk(hash)) }
        return try PublishedAdapter(manifest, chunks: chunks).bytes(of: policy)
    }

    // MARK: Fetching

    private func begin(_ manifest: AdapterManifest) {
        if !entries.contains(where: { $0.manifest == manifest }) {
            entries.append(Entry(manifest: manifest))
            while entries.count > Self.kept { entries.removeFirst().pull?.cancel() }
            let wanted = Set(entries.flatMap(\.manifest.chunks))
            chunks = chunks.filter { wanted.contains($0.key) }
            pull(entries.count - 1)
        }
        // Who hears of it asks for it, and finds it or waits for it.
        board.post(manifest)
    }

    private func pull(_ index: Int) {
        guard entries[index].pull == nil else { return }
        let manifest = entries[index].manifest
        let missing = manifest.chunks.filter { chunks[$0] == nil }
        guard !missing.isEmpty else { return }
        // Detached: it outlives the call that it began with, and must not inherit its deadline.
        entries[index].pull = Task.detached { [upstream] in
            do {
                try await upstream.chunks(missing) { await self.keep($1, as: $0) }
                await self.ended(manifest, nil)
            } catch {
                await self.ended(manifest, error)
            }
        }
    }

    private func keep(_ chunk: ByteBuffer, as hash: ChunkHash) {
        if entries.contains(where: { $0.manifest.chunks.contains(hash) }) { chunks[hash] = chunk }
        for waiter in waiters.removeValue(forKey: hash) ?? [] { waiter.resume(returning: chunk) }
    }

    /// Nobody waits for what will not come.
    private func ended(_ manifest: AdapterManifest, _ error: (any Error)?) {
        if let index = entries.firstIndex(where: { $0.manifest == manifest }) { entries[index].pull = nil }
        let reason = error.map(ServiceProcess.oneLine) ?? "it came without all of its chunks"
        let status = RPCStatus(.unavailable, "adapter \(manifest.policy.version) from \(upstream.address): \(reason)")
        for hash in manifest.chunks where chunks[hash] == nil {
            for waiter in waiters.removeValue(forKey: hash) ?? [] { waiter.resume(throwing: status) }
        }
    }
}
