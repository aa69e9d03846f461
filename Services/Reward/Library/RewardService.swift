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
        let listener = try await Listening.on(options.address, endpoint, services: [.score(scores)], health: health)
        log.info("\(model.identity.id) at \(listener.address), identity \(model.identity.version)")
        if options.coordinator.isEmpty {
            await shutdown.wait()
        } else {
            let membership = FleetMembership(
                endpoint, address: options.coordinator,
                WorkerIntroduction(
                    name: options.name, kind: .reward, processID: getpid(), address: listener.address,
                    rewardSpec: options.spec, rewardIdentity: model.identity.version),
                patience: options.patience, log: log)
            try await membership.join()
            membership.now("serving")
            try await Running.until(shutdown, [{ try await membership.keep(shutdown) }])
            await membership.leave()
        }
        // Who is waiting for scores gets them; who asks for more is told to go elsewhere.
        health.stopServing()
        await endpoint.drain("the reward service stops", grace: .seconds(5))
    }
}
