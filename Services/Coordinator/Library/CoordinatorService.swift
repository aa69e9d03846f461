public import Foundation
import Ledger
public import Logging
import RPC
public import RunConfiguration
public import ServiceRuntime

/// The coordinator as a process: its two sockets around the run's books.
public struct CoordinatorService: Sendable {
    /// Where it is.
    public struct Options: Sendable {
        /// Where workers dial.
        public var controlAddress: String
        /// Where the command line dials.
        public var adminAddress: String
        /// A folder of keys or a key's file; see `ProcessKeys`.
        public var keys: String?
        /// The run's folder; `ledger.sqlite` in it is read if it is there.
        public var folder: URL
        /// How long a learner may take for the last checkpoint.
        public var stopSeconds = 60.0
        /// Whether the process goes on answering `status` after the run until it is told to stop.
        public var lingers = false

        public init(controlAddress: String, adminAddress: String, folder: URL) {
            self.controlAddress = controlAddress
            self.adminAddress = adminAddress
            self.folder = folder
        }
    }

    private let configuration: RunConfiguration
    private let options: Options

    public init(_ configuration: RunConfiguration, _ options: Options) {
        self.configuration = configuration
        self.options = options
    }

    /// Coordinates the run until it is finished or the shutdown is requested; then it stops the run first.
    ///
    /// - Throws: `ServiceError` if a socket cannot be bound, the ledger cannot be written, or the run has failed.
    public func run(_ shutdown: Shutdown, _ log: Logger) async throws {
        let endpoint = try ProcessKeys.endpoint(
            name: "coordinator", role: .coordinator, keys: options.keys,
            binds: [options.controlAddress, options.adminAddress], log: log)
        let coordinator = try Coordinator(
            configuration, folder: options.folder, on: endpoint.reactor, shutdown: shutdown, log: log)
        try await coordinator.open()
        try await Running.closing {
            await endpoint.close()
        } after: {
            let control = try await Listening.on(
                options.controlAddress, endpoint,
                services: [
                    .fleet(FleetEndpoint(coordinator: coordinator)).inline,
                    .sampling(SamplingEndpoint(coordinator: coordinator)).inline,
                    .learning(LearningEndpoint(coordinator: coordinator)).inline,
                ])
            let admin = try await Listening.on(
                options.adminAddress, endpoint, services: [.admin(AdminEndpoint(coordinator: coordinator))])
            Listening.warnOfFewDescriptors(log)
            log.info("control \(control.address), admin \(admin.address)")
            await keep(coordinator, shutdown, log)
            try await coordinator.written()
        }
        if let failure = await coordinator.failure { throw failure }
        if case .failed(let reason) = await coordinator.outcome { throw ServiceError(reason) }
    }

    private func keep(_ coordinator: Coordinator, _ shutdown: Shutdown, _ log: Logger) async {
        let clock = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(250))
                do {
                    try await coordinator.tick()
                } catch {
                    log.error("\(ServiceProcess.oneLine(error))")
                }
            }
        }
        defer { clock.cancel() }
        let finish = Task { await finished(coordinator) }
        if options.lingers {
            await shutdown.wait()
        } else {
            let stopping = Task {
                await shutdown.wait()
                finish.cancel()
            }
            await finish.value
            stopping.cancel()
        }
        await stop(coordinator, shutdown)
        // Whoever asks for work now learns that the run is over.
        try? await Task.sleep(for: .milliseconds(300))
    }

    private func finished(_ coordinator: Coordinator) async {
        while !Task.isCancelled {
            let number = coordinator.changes.number
            if await coordinator.state == .finished { return }
            await coordinator.changes.wait(after: number, atMost: .seconds(60))
        }
    }

    /// Stops a run that goes on, and waits for its checkpoint.
    private func stop(_ coordinator: Coordinator, _ shutdown: Shutdown) async {
        guard await coordinator.state != .finished, await coordinator.failure == nil else { return }
        _ = try? await coordinator.record(.stopRequested)
        let waiting = Task { await finished(coordinator) }
        let patience = Task {
            let (deadline, absence) = (
                ContinuousClock.now + .seconds(options.stopSeconds),
                Duration.seconds(
                    configuration.leases.silenceSeconds)
            )
            var lastSeen = ContinuousClock.now
            var reason = "the learner has not written its checkpoint within \(Int(options.stopSeconds)) s"
            while ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(250))
                if await coordinator.hasLearner { lastSeen = .now }
                guard ContinuousClock.now - lastSeen > absence else { continue }
                // It may have been started again; but whoever does that may have ended as well.
                reason = "no learner has been here to write the checkpoint for \(absence)"
                break
            }
            waiting.cancel()
            return reason
        }
        await waiting.value
        patience.cancel()
        if await coordinator.state != .finished, let reason = try? await patience.value {
            _ = try? await coordinator.record(.failed(reason))
        }
    }
}
