import Foundation
import Ledger
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// The way to the learner: adapters come from it, trajectories go to it.
struct LearnerConnection {
    let address: String
    private let client: DataClient

    init(_ endpoint: Endpoint, address: String) {
        self.address = address
        client = DataClient(endpoint.channel(address, services: []))
    }

    /// The bytes of a published adapter.
    ///
    /// - Throws: `ServiceError` if they are not what the coordinator said was published.
    func adapter(_ policy: PublishedPolicy) async throws -> Data {
        let reply = try await client.adapter(
            DataAdapterRequest(version: UInt32(policy.version)),
            options: CallOptions(timeout: .seconds(30), waitForReady: true))
        guard let attachment = reply.attachments.first else {
            throw ServiceError("the learner at \(address) sent no bytes for adapter \(policy.version)")
        }
        let bytes = attachment.bytes.withUnsafeBytes { Data($0) }
        let hash = AdapterHash.of(bytes)
        guard hash == policy.sha256 else {
            throw ServiceError(
                "adapter \(policy.version) of the learner at \(address) has SHA-256 \(hash), published was \(policy.sha256)"
            )
        }
        return bytes
    }

    /// Hands a trajectory over; tries again while the learner is out of reach and the lease lasts.
    func submit(_ unit: DrawnUnit, until deadline: ContinuousClock.Instant) async throws -> (SubmitOutcome, String) {
        var pause = Duration.milliseconds(200)
        while true {
            do {
                let reply = try await client.submit(
                    unit.wire, attachments: unit.attachments,
                    options: CallOptions(timeout: .seconds(30), waitForReady: true))
                return (try SubmitOutcome(reply.message.outcome), reply.message.reason)
            } catch let status as RPCStatus where status.code == .unavailable || status.code == .deadlineExceeded {
                guard .now + pause < deadline else { throw status }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(3))
            }
        }
    }
}
