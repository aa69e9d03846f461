public import Logging
public import RPC
import RPCServices
public import ServiceAPI
import Synchronization
import Wire

/// A worker's place in the fleet: it registers with the coordinator, gives a sign of life every second, and registers
/// again after a break.
public final class FleetMembership: Sendable {
    /// The way to the coordinator, for the worker's own calls.
    public let coordinator: Channel
    private let address: String
    private let introduction: WorkerIntroduction
    private let log: Logger
    private let activity = Mutex("starting")
    /// How long a coordinator may be out of reach before the worker gives up.
    private let patience: Duration

    /// A membership in the fleet of the coordinator whose control socket has this address.
    public init(
        _ endpoint: Endpoint, address: String, _ introduction: WorkerIntroduction, patience: Duration, log: Logger
    ) {
        coordinator = endpoint.channel(
            address, services: StandardServices(of: endpoint).beside([], of: endpoint))
        self.address = address
        self.introduction = introduction
        self.patience = patience
        self.log = log
    }

    /// Says what the worker does now; the next sign of life carries it.
    public func now(_ activity: String) {
        self.activity.withLock { $0 = activity }
    }

    /// Enters the fleet.
    ///
    /// - Throws: `ServiceError` that names the address if the coordinator cannot be reached in time.
    public func join() async throws(ServiceError) {
        do {
            _ = try await FleetClient(coordinator).enter(
                introduction.wire, options: CallOptions(timeout: patience, waitForReady: true))
        } catch {
            throw ServiceError("cannot reach the coordinator at \(address): \(error.message)")
        }
        log.info("registered at \(address)")
    }

    /// Gives signs of life until the task is cancelled or the run is over.
    ///
    /// - Throws: `ServiceError` if the coordinator stays out of reach.
    public func keep(_ shutdown: Shutdown) async throws {
        var lost: ContinuousClock.Instant?
        while !shutdown.isRequested {
            try await Task.sleep(for: .seconds(1))
            let request = ControlHeartbeatRequest(
                name: introduction.name, activity: activity.withLock(\.self))
            do {
                let reply = try await FleetClient(coordinator).heartbeat(
                    request, options: CallOptions(timeout: .seconds(5), waitForReady: true)
                ).message
                lost = nil
                if reply.stop {
                    shutdown.request("the run is over")
                } else if reply.unknown {
                    try await join()
                }
            } catch let status as RPCStatus {
                let since = lost ?? .now
                if lost == nil { log.warning("the coordinator at \(address) does not answer: \(status.message)") }
                lost = since
                if .now - since > patience {
                    throw ServiceError("the coordinator at \(address) has not answered for \(patience)")
                }
            }
        }
    }

    /// Leaves the fleet, if the coordinator is still there to be told.
    public func leave() async {
        _ = try? await FleetClient(coordinator).leave(
            ControlDeregisterRequest(name: introduction.name), options: CallOptions(timeout: .seconds(1)))
    }
}
