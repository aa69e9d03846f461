public import Foundation
public import Ledger
public import Logging
public import RPC
import ServiceAPI

/// A sampler's way to the learner's adapters, which crosses the network once for all samplers of a host.
///
/// The samplers of one user on one host agree on an ipc address. Whoever binds it first is the relay: it fetches from the
/// learner, and the others read from it. The lock of the address goes with the process that holds it, so when the
/// relay ends another sampler takes its place. A learner that is reached over ipc is on this host, and needs no relay.
public actor AdapterFeed {
    private enum Source {
        case peer(Channel)
        case relay(AdapterRelay, Listener)
    }

    private let endpoint: Endpoint
    private let folder: URL
    private let log: Logger
    /// Where the learner serves; empty before it is known.
    private var learner = ""
    /// The way there, for when there is no relay.
    private var direct: Channel?
    private var source: Source?
    private var search: Task<Source, Never>?
    /// Of its own, without keys: an ipc address in a private folder lets nobody else in, and a sampler has no list of keys.
    private var local: Endpoint?
    private var following: Task<Void, Never>?
    /// The newest that were hinted at or asked for, the oldest first.
    private var fetches: [(sha256: String, task: Task<Data, any Error>)] = []
    private static let keptFetches = 2
    private var isClosed = false

    /// A feed.
    ///
    /// - Parameters:
    ///   - endpoint: dials the learner.
    ///   - folder: where samplers of this host meet; nil for the place of this user.
    ///   - log: is told who the relay is.
    public init(_ endpoint: Endpoint, folder: URL?, log: Logger) {
        self.endpoint = endpoint
        self.folder = folder ?? Self.userFolder
        self.log = log
    }

    /// Where the samplers of this user meet if nobody says otherwise.
    private static var userFolder: URL {
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 }
        let place = runtime.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        return place.appending(path: "atelier-\(getuid())")
    }

    /// One address for each learner; nil if the learner is on this host.
    private var relayAddress: String? {
        guard !learner.hasPrefix("ipc://") else { return nil }
        return "ipc://\(folder.path)/adapters-\(AdapterHash.of(Data(learner.utf8)).prefix(16))"
    }

    /// Takes adapters of a learner, and fetches from now on what it hints at, so that it is there when a lease asks for it.
    public func follow(_ learner: String) async {
        guard learner != self.learner, !isClosed else { return }
        await end()
        self.learner = learner
        direct = endpoint.channel(learner, services: [])
        following = Task { [weak self] in
            while !Task.isCancelled, let self {
                await followHints()
                try? await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    /// The bytes of an adapter.
    ///
    /// - Parameter policy: as the coordinator's lease names it.
    /// - Returns: them, once their hash is that of the policy.
    /// - Throws: `RPCStatus` if nobody can be asked, or `PeerError` if it is not what was published.
    public func adapter(_ policy: PublishedPolicy) async throws -> Data {
        try await fetch(policy).value
    }

    /// Ends; another sampler becomes the relay.
    public func close() async {
        isClosed = true
        await end()
        await local?.close()
    }

    private func end() async {
        following?.cancel()
        for fetch in fetches { fetch.task.cancel() }
        fetches = []
        let (ended, learner) = (source, direct)
        (source, search, direct) = (nil, nil, nil)
        switch ended {
        case .relay(let relay, let listener):
            await relay.stop()
            await listener.close()
            // Of the user's own place the last one to leave removes the folder.
            if folder == Self.userFolder { rmdir(folder.path) }
        case .peer(let channel): await channel.close()
        case nil: break
        }
        await learner?.close()
    }

    // MARK: Fetching

    private func fetch(_ policy: PublishedPolicy) -> Task<Data, any Error> {
        if let fetch = fetches.first(where: { $0.sha256 == policy.sha256 }) { return fetch.task }
        let task = Task {
            do { return try await bytes(of: policy) } catch {
                fetches.removeAll { $0.sha256 == policy.sha256 }
                throw error
            }
        }
        fetches.append((policy.sha256, task))
        if fetches.count > Self.keptFetches { fetches.removeFirst() }
        return task
    }

    private func bytes(of policy: PublishedPolicy) async throws -> Data {
        // The relay may end at any moment, and its successor too; the learner itself is asked at last.
        for _ in 0..<3 {
            let source = await open()
            do { return try await bytes(of: policy, from: source) } catch {
                if case .peer(let channel) = source, channel.address == learner { throw error }
                guard !isClosed, !Task.isCancelled else { throw error }
                log.debug("adapter \(policy.version): \(ServiceProcess.oneLine(error))")
                guard case .peer(let channel) = source, (error as? RPCStatus)?.code == .unavailable else { break }
                await leave(channel)
            }
        }
        return try await client(learnerChannel).adapter(policy)
    }

    private func bytes(of policy: PublishedPolicy, from source: Source) async throws -> Data {
        switch source {
        case .peer(let channel): try await client(channel).adapter(policy)
        case .relay(let relay, _): try await relay.adapter(policy)
        }
    }

    /// Follows the hints of the source until it is gone.
    private func followHints() async {
        switch await open() {
        case .relay(let relay, _):
            for await manifest in await relay.hints() { _ = fetch(manifest.policy) }
        case .peer(let channel):
            do { try await client(channel).hints { _ = fetch($0.policy) } } catch {
                if channel.address != learner, !Task.isCancelled { await leave(channel) }
            }
        }
    }

    // MARK: The source

    /// The source in use, or one that is found now.
    private func open() async -> Source {
        if let source { return source }
        let search = search ?? Task { await find() }
        self.search = search
        let found = await search.value
        if self.search == search { (source, self.search) = (found, nil) }
        return found
    }

    private func find() async -> Source {
        let channel = learnerChannel
        guard let relayAddress, !isClosed else { return .peer(channel) }
        let relay = AdapterRelay(client(channel))
        do throws(RPCStatus) {
            let local = try localEndpoint()
            let listener: Listener
            do throws(RPCStatus) {
                listener = try await local.listen(relayAddress, services: [.adapters(AdapterEndpoint(relay))])
            } catch  where error.code == .alreadyExists {
                return .peer(local.channel(relayAddress, services: []))
            }
            await relay.start()
            log.info("relays adapters to the samplers of this host at \(relayAddress)")
            return .relay(relay, listener)
        } catch {
            log.warning("adapters come from the learner itself: \(error.message)")
            return .peer(channel)
        }
    }

    /// The learner is waited for when it is not there; a relay is replaced.
    private func client(_ channel: Channel) -> AdapterClient {
        AdapterClient(channel, waitForReady: channel.address == learner)
    }

    private var learnerChannel: Channel { direct ?? endpoint.channel(learner, services: []) }

    private func localEndpoint() throws(RPCStatus) -> Endpoint {
        if let local { return local }
        var configuration = EndpointConfiguration()
        configuration.install(Tracing())
        let made = try Endpoint(name: "\(endpoint.name)-relay", role: endpoint.role, configuration: configuration)
        local = made
        return made
    }

    /// Looks for another source, unless that has been done since.
    private func leave(_ failed: Channel) async {
        guard case .peer(let channel) = source, channel === failed else { return }
        source = nil
        await channel.close()
    }
}
