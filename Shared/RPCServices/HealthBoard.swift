public import RPC
import Synchronization
public import Wire

/// Which services of a process can be used; served as `grpc.health.v1.Health`.
public final class HealthBoard: HealthService {
    /// A service's state.
    public typealias Status = HealthCheckResponse.ServingStatus

    private struct State {
        var statuses: [String: Status] = ["": .serving]
        var watchers: [UInt64: (service: String, continuation: AsyncStream<Status>.Continuation)] = [:]
        var nextWatcher: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A board on which the process as a whole, the service without a name, is serving.
    public init() {}

    /// Says how a service is; who watches it is told.
    public func set(_ service: String, _ status: Status) {
        state.withLock { state in
            guard state.statuses[service] != status else { return }
            state.statuses[service] = status
            for watcher in state.watchers.values where watcher.service == service { watcher.continuation.yield(status) }
        }
    }

    /// Says that nothing can be used any more: the process is about to end.
    public func stopServing() {
        for service in state.withLock({ Array($0.statuses.keys) }) { set(service, .notServing) }
    }

    public func check(
        _ request: HealthCheckRequest, _ context: ServerContext
    ) async throws -> Reply<HealthCheckResponse> {
        guard let status = state.withLock({ $0.statuses[request.service] }) else {
            throw RPCStatus(.notFound, "there is no service '\(request.service)' here")
        }
        return Reply(HealthCheckResponse(status: status))
    }

    public func list(_ request: HealthListRequest, _ context: ServerContext) async throws -> Reply<HealthListResponse> {
        let statuses = state.withLock(\.statuses)
        return Reply(HealthListResponse(statuses: statuses.mapValues { HealthCheckResponse(status: $0) }))
    }

    public func watch(
        _ request: HealthCheckRequest, _ replies: MessageWriter<HealthCheckResponse>, _ context: ServerContext
    ) async throws {
        // Only the newest state matters to a slow reader.
        let (changes, continuation) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = (request.service, continuation)
            continuation.yield(state.statuses[request.service] ?? .serviceUnknown)
            return state.nextWatcher
        }
        defer { state.withLock { _ = $0.watchers.removeValue(forKey: id) } }
        for await status in changes { try await replies.send(HealthCheckResponse(status: status)) }
        try Task.checkCancellation()
    }
}
