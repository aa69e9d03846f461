import RPC
import ServiceAPI
import ServiceRuntime

extension Coordinator {
    /// Does what a call asks for; returns once all of it is on disk.
    ///
    /// - Throws: what the call is answered with.
    func answer<Answer: Sendable>(_ body: @Sendable (isolated Coordinator) throws -> Answer) async throws -> Answer {
        do {
            let answer = try body(self)
            try await written()
            return answer
        } catch let error as PeerError {
            throw error.status
        } catch let error as ServiceError {
            throw RPCStatus(error.exitCode == .refused ? .failedPrecondition : .unavailable, error.description)
        }
    }
}
