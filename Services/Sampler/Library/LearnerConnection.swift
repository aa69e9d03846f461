import Ledger
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Where trajectories go.
struct LearnerConnection {
    let address: String
    private let client: DataClient

    init(_ endpoint: Endpoint, address: String) {
        self.address = address
        client = DataClient(endpoint.channel(address, services: []))
    }

    /// Hands a trajectory over; tries again while the learner is out of reach and the lease lasts.
    func submit(_ unit: DrawnUnit, until deadline: ContinuousClock.Instant) async throws -> DataSubmitReply {
        var pause = Duration.milliseconds(200)
        while true {
            do throws(RPCStatus) {
                return try await client.submit(
                    unit.wire, attachments: unit.attachments,
                    options: CallOptions(timeout: .seconds(30), waitForReady: true)
                ).message
            } catch {
                let mayPass = error.code == .unavailable || error.code == .deadlineExceeded
                guard mayPass, .now + pause < deadline else { throw error }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(3))
            }
        }
    }
}
