import RPC
import ServiceAPI
import ServiceRuntime

/// Turns what the coordinator throws into the status of a call.
func answering<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as PeerError {
        throw error.status
    } catch let error as ServiceError {
        throw RPCStatus(error.exitCode == .refused ? .failedPrecondition : .unavailable, error.description)
    }
}
