public import Foundation
import Ledger
public import Logging
import RPC
public import RunConfiguration
import ServiceAPI
public import ServiceRuntime
import Wire

/// The learner as a process.
public struct LearnerService: Sendable {
    public struct Options: Sendable {
        /// Where samplers dial.
        public var address: String
        /// The host, and the port if it is another one, by which samplers reach it; nil: the address itself.
        public var advertised: String?
        /// The coordinator's control socket.
        public var coordinator: String
        /// A folder of keys or a key's file; see `ProcessKeys`.
        public var keys: String?
        /// The run's folder; the last checkpoint in it is gone on from.
        public var folder: URL
        /// How long the coordinator may be out of reach.
        public var patience = Duration.seconds(10)

        public init(address: String, coordinator: String, folder: URL) {
            self.address = address
            self.coordinator = coordinator
            self.folder = folder
        }
    }

    private let configuration: RunConfiguration
    private let options: Options

    public init(_ configuration: RunConfiguration, _ options: Options) {
        self.configuration = configuration
        self.options = options
    }

    /// Learns until the run is over or the shutdown is requested.
    ///
    /// - Throws: `ServiceError` if the model cannot be loaded, LoRA would learn nothing, the socket cannot be bound, a
    ///   file cannot be written, a reward cannot be worked with or the coordinator is out of reach.
    public func run(_ shutdown: Shutdown, _ log: Logger) async throws {
        let place = try AdvertisedAddress(listeningAt: options.address, advertised: options.advertised)
        let host = try LearningHost(configuration, model: try ModelLocation.folder(configuration.model))
        try await host.selfCheck()
        let (version, saved) = try await start(host, log)
        let endpoint = try ProcessKeys.endpoint(
            name: "learner", role: .learner, keys: options.keys, binds: [options.address],
            dials: [options.coordinator], log: log)
        try await Running.closing {
            await endpoint.close()
        } after: {
            try await serve(endpoint, at: place, host, from: version, saved: saved, shutdown, log)
        }
    }

    private func serve(
        _ endpoint: Endpoint, at place: AdvertisedAddress, _ host: LearningHost, from version: LearningHost.Version,
        saved: CheckpointFolder.State?, _ shutdown: Shutdown, _ log: Logger
    ) async throws {
        let books = LearningClient(endpoint.channel(options.coordinator, services: []))
        let desk = RewardDesk(endpoint, timeout: .seconds(configuration.leases.scoreSeconds))
        let learner = Learner(configuration, UnitReporter(books), ScoringDispatcher(books, desk), log) {
            shutdown.request($0)
        }
        let listener = try await Listening.on(
            options.address, endpoint,
            services: [.data(DataEndpoint(learner: learner)), .adapters(AdapterEndpoint(learner.adapters))])
        let address = place.address(of: listener.address)
        Listening.warnOfFewDescriptors(log)
        log.info("data \(address), policy version \(version.policy.version)")
        let membership = FleetMembership(
            endpoint, address: options.coordinator,
            WorkerIntroduction(name: "learner", kind: .learner, processID: getpid(), address: address),
            patience: options.patience, log: log)
        try await membership.join()
        do {
            try await work(host, learner, membership, from: version, saved: saved, shutdown, log)
            if let failure = await learner.failure { throw failure }
        } catch {
            let request = ControlFailedRequest(worker: "learner", reason: ServiceProcess.oneLine(error))
            _ = try? await books.failed(request, options: CallOptions(timeout: .seconds(2)))
            throw error
        }
        await learner.stopScoring()
        await membership.leave()
    }

    /// Trains and gives signs of life side by side.
    ///
    /// Unlike a sampler a learner that is told to stop finishes what it
    /// has begun.
    private func work(
        _ host: LearningHost, _ learner: Learner, _ membership: FleetMembership, from version: LearningHost.Version,
        saved: CheckpointFolder.State?, _ shutdown: Shutdown, _ log: Logger
    ) async throws {
        let (configuration, folder) = (configuration, options.folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await membership.keep(shutdown) }
            group.addTask {
                let loop = TrainingLoop(
                    configuration, run: folder, host, learner, membership, from: version, saved: saved, log)
                try await loop.run(shutdown)
                shutdown.request("the run is over")
            }
            defer { group.cancelAll() }
            for try await _ in group {}
        }
    }

    private func start(_ host: LearningHost, _ log: Logger) async throws -> (
        LearningHost.Version, saved: CheckpointFolder.State?
    ) {
        guard let last = CheckpointFolder(run: options.folder).last() else { return (await host.version(0), nil) }
        do {
            guard let state = last.state.update else { throw ServiceError("state.json holds no state of the update") }
            try await host.restore(state, from: last.folder)
        } catch {
            throw ServiceError("cannot go on from \(last.folder.path): \(ServiceProcess.oneLine(error))")
        }
        let version = await host.version(last.state.round)
        guard version.policy.sha256 == last.state.adapterSHA256 else {
            throw ServiceError(
                "cannot go on from \(last.folder.path): its adapter is not the one that state.json names")
        }
        log.info("goes on from \(last.folder.path)")
        return (version, last.state)
    }
}
