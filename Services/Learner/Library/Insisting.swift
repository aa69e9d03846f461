import RPC

/// Calls the coordinator again while it does not answer, for half a minute.
///
/// - Throws: what the last attempt failed of.
func insisting(_ call: @Sendable () async throws -> Void) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
        do {
            return try await call()
        } catch let status as RPCStatus where status.code == .unavailable || status.code == .deadlineExceeded {
            guard .now < deadline else { throw status }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
