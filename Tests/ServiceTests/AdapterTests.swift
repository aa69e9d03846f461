import Foundation
import Ledger
import Logging
import Messaging
import RPC
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// Adapters on their way: from a learner over tcp to one relay of a host, from there over ipc to its samplers.
@Suite("Adapters to many samplers", .timeLimit(.minutes(1)))
struct AdapterTests {
    /// A learner's store that counts what it is asked for, and may lie or wait.
    private actor Source: AdapterSource {
        let store = AdapterStore()
        private(set) var manifests = 0
        private(set) var chunks = 0
        /// Chunks that are handed out; nil for all of them.
        private var left: Int?
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var lies = false

        func allow(_ chunks: Int?) {
            left = chunks
            for waiter in waiting { waiter.resume() }
            waiting = []
        }

        func lie() { lies = true }

        func hints() async -> AsyncStream<AdapterManifest> { await store.hints() }

        func manifest(of policy: PublishedPolicy) async throws -> AdapterManifest {
            manifests += 1
            return try await store.manifest(of: policy)
        }

        func chunk(_ hash: ChunkHash) async throws -> ByteBuffer {
            while let left, left == 0 { await withCheckedContinuation { waiting.append($0) } }
            left = left.map { $0 - 1 }
            chunks += 1
            let chunk = try await store.chunk(hash)
            return lies ? ByteBuffer(copying: [UInt8](repeating: 0, count: chunk.count)) : chunk
        }
    }

    /// A learner over tcp, and samplers of one host.
    private struct Host {
        let place: Workplace
        let learner: Endpoint
        let source = Source()
        let address: String
        let samplers: [(endpoint: Endpoint, feed: AdapterFeed)]
        var feeds: [AdapterFeed] { samplers.map(\.feed) }

        static var log: Logger {
            var log = Logger(label: "test")
            log.logLevel = .error
            return log
        }

        init(samplers count: Int) async throws {
            place = try Workplace()
            learner = try Endpoint(name: "learner")
            let services: [ServiceDefinition] = [.adapters(AdapterEndpoint(source))]
            address = try await learner.listen("tcp://127.0.0.1:0", services: services).address
            let folder = URL(fileURLWithPath: place.path("relay"))
            samplers = try (0..<count).map { number in
                let endpoint = try Endpoint(name: "sampler-\(number)")
                return (endpoint, AdapterFeed(endpoint, folder: folder, log: Self.log))
            }
            for feed in feeds { await feed.follow(address) }
        }

        func publish(_ version: Int, bytes count: Int = 5 << 20) async -> (PublishedPolicy, Data) {
            var bytes = Data(count: count)
            // No two chunks alike.
            for start in stride(from: 0, to: count, by: 1000) { bytes[start] = UInt8((start / 1000 + version) % 251) }
            let policy = PublishedPolicy(version: version, sha256: AdapterHash.of(bytes), modules: 3)
            await source.store.publish(PublishedAdapter(bytes, policy), keepingFrom: version - 2)
            return (policy, bytes)
        }

        func end() async {
            for sampler in samplers {
                await sampler.feed.close()
                await sampler.endpoint.close()
            }
            await learner.close()
        }
    }

    @Test func aHostFetchesAnAdapterOnceForAllItsSamplers() async throws {
        let host = try await Host(samplers: 4)
        for version in 0..<3 {
            let (policy, bytes) = await host.publish(version, bytes: 5 << 20 + version)
            try await withThrowingTaskGroup(of: Data.self) { group in
                for feed in host.feeds { group.addTask { try await feed.adapter(policy) } }
                for try await adapter in group { #expect(adapter == bytes) }
            }
        }
        // 5 MiB, 5 MiB and a byte, 5 MiB and two bytes.
        #expect(await host.source.chunks == 5 + 6 + 6)
        #expect(await host.source.manifests <= 3)
        await host.end()
        // The empty folder stays where another sampler had made it than the one that relayed.
        let left = try? FileManager.default.contentsOfDirectory(atPath: host.place.path("relay"))
        #expect(left ?? [] == [], "the relay leaves nothing behind")
    }

    @Test func aHintIsEnoughForEverySamplerToHaveItBeforeItAsks() async throws {
        let host = try await Host(samplers: 2)
        let (policy, bytes) = await host.publish(7)
        while await host.source.chunks < 5 { try await Task.sleep(for: .milliseconds(5)) }
        // The learner says nothing any more.
        await host.source.allow(0)
        for feed in host.feeds { #expect(try await feed.adapter(policy) == bytes) }
        await host.source.allow(nil)
        await host.end()
    }

    @Test func aChunkIsHandedOnBeforeTheNextOneHasCome() async throws {
        // Nobody else is there to take the one chunk that is let go.
        let host = try await Host(samplers: 0)
        let relay = AdapterRelay(AdapterClient(host.learner.channel(host.address), waitForReady: true))
        await host.source.allow(1)
        let (policy, bytes) = await host.publish(1)
        let manifest = try await relay.manifest(of: policy)
        let first = try await relay.chunk(manifest.chunks[0])
        #expect(first.withUnsafeBytes { Data($0) } == bytes.prefix(1 << 20))
        await host.source.allow(nil)
        #expect(try await relay.adapter(policy) == bytes)
        await relay.stop()
        await host.end()
    }

    @Test func whenTheRelayEndsAnotherSamplerTakesItsPlace() async throws {
        let host = try await Host(samplers: 3)
        var (policy, bytes) = await host.publish(1)
        for feed in host.feeds { #expect(try await feed.adapter(policy) == bytes) }
        let before = await host.source.chunks
        #expect(before == 5)
        // Whichever is the relay: two of the three are closed, and the third has to manage.
        for number in 0..<2 {
            await host.feeds[number].close()
            (policy, bytes) = await host.publish(2 + number)
            for feed in host.feeds[(number + 1)...] { #expect(try await feed.adapter(policy) == bytes) }
        }
        await host.end()
    }

    @Test func whatIsNotWhatWasPublishedIsRefused() async throws {
        let host = try await Host(samplers: 1)
        let client = AdapterClient(host.learner.channel(host.address), waitForReady: false)
        await host.source.allow(0)
        let (policy, _) = await host.publish(1)
        // One chunk is not what the manifest says.
        await host.source.lie()
        await host.source.allow(nil)
        let chunk = await #expect(throws: PeerError.self) { try await client.adapter(policy) }
        #expect(chunk?.description.contains("sent a chunk of an adapter whose SHA-256 is not") == true)
        // Every chunk is what the manifest says, and the whole is not what the coordinator says.
        let other = PublishedPolicy(version: 1, sha256: String(repeating: "0", count: 64), modules: 3)
        let whole = PublishedAdapter(Data(repeating: 1, count: 3 << 20), other)
        let wrong = #expect(throws: PeerError.self) { try whole.bytes(of: other) }
        #expect(wrong?.description.contains("published was 000") == true)
        let missing = await #expect(throws: RPCStatus.self) { try await client.adapter(other) }
        #expect(missing?.code == .notFound)
        await host.end()
    }

    @Test(arguments: [
        DataAdapterManifest(version: 1, bytes: 1, chunkBytes: 1, chunks: [[UInt8](repeating: 0, count: 32)]),
        DataAdapterManifest(version: 1, sha256: "a", bytes: 1 << 62, chunkBytes: 1),
        DataAdapterManifest(version: 1, sha256: "a", bytes: 5, chunkBytes: 0, chunks: [[]]),
        DataAdapterManifest(
            version: 1, sha256: "a", bytes: 5, chunkBytes: 4, chunks: [[UInt8](repeating: 0, count: 32)]),
        DataAdapterManifest(version: 1, sha256: "a", bytes: 4, chunkBytes: 4, chunks: [[1, 2]]),
    ])
    func aManifestThatMakesNoSenseIsRefused(wire: DataAdapterManifest) {
        #expect(throws: PeerError.self) { try AdapterManifest(wire) }
    }

    @Test func aLearnerOnThisHostNeedsNoRelay() async throws {
        let place = try Workplace()
        let learner = try Endpoint(name: "learner")
        let store = AdapterStore()
        let services: [ServiceDefinition] = [.adapters(AdapterEndpoint(store))]
        let address = try await learner.listen("ipc://\(place.path("data"))", services: services).address
        let sampler = try Endpoint(name: "sampler")
        let feed = AdapterFeed(
            sampler, folder: URL(fileURLWithPath: place.path("relay")), log: Host.log)
        await feed.follow(address)
        let bytes = Data(repeating: 3, count: 100)
        let policy = PublishedPolicy(version: 0, sha256: AdapterHash.of(bytes), modules: 1)
        await store.publish(PublishedAdapter(bytes, policy), keepingFrom: 0)
        #expect(try await feed.adapter(policy) == bytes)
        #expect(!place.exists("relay"))
        await feed.close()
        await sampler.close()
        await learner.close()
    }

    @Test func adaptersThatTheRelayDoesNotHaveComeOverOneSession() async throws {
        let place = try Workplace()
        let learner = try Endpoint(name: "learner")
        let store = AdapterStore()
        let listener = try await learner.listen("tcp://127.0.0.1:0", services: [.adapters(AdapterEndpoint(store))])
        // Who holds the relay's place, and serves nothing.
        let idle = try Endpoint(name: "idle")
        let hash = AdapterHash.of(Data(listener.address.utf8)).prefix(16)
        _ = try await idle.listen("ipc://\(place.path("relay"))/adapters-\(hash)")
        let sampler = try Endpoint(name: "sampler")
        let feed = AdapterFeed(sampler, folder: URL(fileURLWithPath: place.path("relay")), log: Host.log)
        await feed.follow(listener.address)
        for version in 0..<5 {
            let bytes = Data(repeating: UInt8(version), count: 100)
            let policy = PublishedPolicy(version: version, sha256: AdapterHash.of(bytes), modules: 1)
            await store.publish(PublishedAdapter(bytes, policy), keepingFrom: version)
            #expect(try await feed.adapter(policy) == bytes)
            #expect(listener.sessions.count == 1)
        }
        await feed.close()
        for endpoint in [sampler, idle, learner] { await endpoint.close() }
    }

    @Test func aReaderThatIsSlowHearsOfTheNewestOnly() async throws {
        let store = AdapterStore()
        let hints = await store.hints()
        for version in 0..<5 {
            let policy = PublishedPolicy(version: version, sha256: "\(version)", modules: 1)
            await store.publish(PublishedAdapter(Data([UInt8(version)]), policy, chunkBytes: 1), keepingFrom: 0)
        }
        for await hint in hints {
            #expect(hint.policy.version == 4)
            break
        }
    }
}
