import Diffusion
import Foundation
public import Logging
import RPC
public import RunConfiguration
import ServiceAPI
public import ServiceRuntime

/// A sampler as a process: it only dials out.
public struct SamplerService: Sendable {
    public struct Options: Sendable {
        /// What it is called in the fleet.
        public var name: String
        /// The coordinator's control socket.
        public var coordinator: String
        /// A folder of keys or a key's file; see `ProcessKeys`.
        public var keys: String?
        /// Where the samplers of this host share adapters; nil for the place of this user.
        public var relayFolder: URL?
        /// How long the coordinator may be out of reach.
        public var patience = Duration.seconds(10)

        public init(name: String, coordinator: String) {
            self.name = name
            self.coordinator = coordinator
        }
    }

    private let configuration: RunConfiguration
    private let options: Options

    public init(_ configuration: RunConfiguration, _ options: Options) {
        self.configuration = configuration
        self.options = options
    }

    /// Draws units until the run is over or the shutdown is requested.
    ///
    /// - Throws: `ServiceError` if the model cannot be loaded or the coordinator is out of reach.
    public func run(_ shutdown: Shutdown, _ log: Logger) async throws {
        let folder = try ModelLocation.folder(configuration.model)
        if configuration.fleet.memoryLimit == nil {
            let memory = RunMemory(configuration, try ModelOutline(folder: folder), machine: nil)
            try MachineMemory()?.require(
                memory.sampler, for: "a sampler",
                advice: "lower sampling.samplesPerUnit, set sampling.precision to bf16, or set fleet.memoryLimit")
        }
        let host = try DrawingHost(
            model: folder, trains: configuration.trainedPart, threads: configuration.fleet.samplerThreads,
            precision: configuration.sampling.precision, scheduler: configuration.sampling.scheduler)
        if configuration.sampling.precision.supported != configuration.sampling.precision {
            log.warning("this processor has no bf16 instructions (avx512_bf16): pictures are drawn in f32")
        }
        try await Self.draw(with: host, options, shutdown, log)
    }

    /// Draws units with a host, whatever it is, until the run is over or the shutdown is requested.
    ///
    /// - Throws: `ServiceError` if the coordinator is out of reach.
    public static func draw(
        with host: any Drawing, _ options: Options, _ shutdown: Shutdown, _ log: Logger
    ) async throws {
        let endpoint = try ProcessKeys.endpoint(
            name: options.name, role: .sampler, keys: options.keys, dials: [options.coordinator], log: log)
        let membership = FleetMembership(
            endpoint, address: options.coordinator,
            WorkerIntroduction(name: options.name, kind: .sampler, processID: getpid()), patience: options.patience,
            log: log)
        let adapters = AdapterFeed(endpoint, folder: options.relayFolder, log: log)
        try await Running.closing {
            await adapters.close()
            await endpoint.close()
        } after: {
            try await membership.join()
            try await Running.until(
                shutdown,
                [
                    { try await membership.keep(shutdown) },
                    { try await SamplerLoop(name: options.name, endpoint, membership, host, adapters, log).run() },
                ])
            await membership.leave()
        }
    }
}
