import Foundation
public import Logging
import RPC
import RPCServices
import Rewards
import ServiceAPI
public import ServiceRuntime
import TensorCore

/// A reward model as a process.
public struct RewardService: Sendable {
    public struct Options: Sendable {
        /// What it is called in the fleet.
        public var name: String
        /// Which reward: see `RewardConfiguration`.
        public var spec: String
        /// Where it serves.
        public var address: String
        /// The host, and the port if it is another one, by which the learner reaches it; nil: the address itself.
        public var advertised: String?
        /// The coordinator's control socket; empty for a service that stands alone.
        public var coordinator: String
        /// A folder of keys or a key's file; see `ProcessKeys`.
        public var keys: String?
        /// How long the coordinator may be out of reach.
        public var patience = Duration.seconds(10)
        /// The most pictures that the model gets at once.
        public var batch = 16
        /// How long a picture waits for others while the model is idle.
        public var batchWait = Duration.milliseconds(5)
        /// The most pictures that may wait.
        public var queue = 4096
        /// Compute threads.
        public var threads = ComputeThreads.standard

        public init(name: String, spec: String, address: String, coordinator: String) {
            self.name = name
            self.spec = spec
            self.address = address
            self.coordinator = coordinator
        }
    }

    private let options: Options

    public init(_ options: Options) {
        self.options = options
    }

    /// Serves until the shutdown is requested or the run is over.
    ///
    /// - Throws: `ServiceError` if there is no such reward, the socket cannot be bound or the coordinator is out of
    ///   reach.
    public func run(_ shutdown: Shutdown, _ log: Logger) async throws {
        // Who stands alone is dialled by somebody who knows where it is.
        let place =
            options.coordinator.isEmpty
            ? nil
            : try AdvertisedAddress(
                listeningAt: options.address, advertised: options.advertised)
        let model: any RewardModel
        do {
            model = try RewardConfiguration(options.spec).makeModel()
        } catch {
            throw ServiceError(ServiceProcess.oneLine(error), exitCode: .usage)
        }
        let endpoint = try ProcessKeys.endpoint(
            name: options.name, role: .reward, keys: options.keys, binds: [options.address],
            dials: options.coordinator.isEmpty ? [] : [options.coordinator], log: log)
        let host = RewardHost(model, threads: options.threads)
        let scores = ScoreEndpoint(
            host: host,
            queue: ScoringQueue(
                host, .init(batch: options.batch, patience: options.batchWait, limit: options.queue)),
            identity: model.identity, spec: options.spec,
            isDifferentiable: model.isDifferentiable)
        let health = HealthBoard()
        do {
            try await serve(endpoint, at: place, model, health, scores, shutdown, log)
        } catch {
            await endpoint.close()
            throw error
        }
        // Who is waiting for scores gets them; who asks for more is told to go elsewhere.
        health.stopServing()
        await endpoint.drain("the reward service stops", grace: .seconds(5))
    }

    private func serve(
        _ endpoint: Endpoint, at place: AdvertisedAddress?, _ model: any RewardModel, _ health: HealthBoard,
        _ scores: ScoreEndpoint,
        _ shutdown: Shutdown, _ log: Logger
    ) async throws {
        let listener = try await Listening.on(options.address, endpoint, services: [.score(scores)], health: health)
        let address = place?.address(of: listener.address) ?? listener.address
        Listening.warnOfFewDescriptors(log)
        log.info("\(model.identity.id) at \(address), identity \(model.identity.version)")
        guard place != nil else { return await shutdown.wait() }
        let membership = FleetMembership(
            endpoint, address: options.coordinator,
            WorkerIntroduction(
                name: options.name, kind: .reward, processID: getpid(), address: address,
                rewardSpec: options.spec, rewardIdentity: model.identity.version),
            patience: options.patience, log: log)
        try await membership.join()
        membership.now("serving")
        try await Running.until(shutdown, [{ try await membership.keep(shutdown) }])
        await membership.leave()
    }
}
