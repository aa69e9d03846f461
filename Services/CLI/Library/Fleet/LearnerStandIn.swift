import Foundation
import Ledger
import Logging
import RPC
import ServiceAPI
import ServiceRuntime
import Synchronization
import Wire

/// A learner that learns nothing: it takes trajectories, settles them, and calls them scored and trained at once, so that
/// nobody ever waits for it.
///
/// Trajectories, adapters and every call to the coordinator are those of the real one.
final class LearnerStandIn: DataService, Sendable {
    static let modules = 16

    let adapters = AdapterStore()
    private let books: LearningClient
    private let reporter: UnitReporter
    private let adapterBytes: Int
    private let settled = Mutex(0)

    init(_ endpoint: Endpoint, coordinator: String, adapterBytes: Int) {
        books = LearningClient(endpoint.channel(coordinator, services: []))
        reporter = UnitReporter(books)
        self.adapterBytes = adapterBytes
    }

    /// Units that have been settled so far.
    var units: Int { settled.withLock(\.self) }

    /// An adapter that no other version looks like.
    func adapter(_ version: Int) -> PublishedAdapter {
        // SplitMix64: what the bytes are does not matter, but no two chunks may be the same.
        var state = UInt64(version) << 32
        let words = (0..<adapterBytes / 8).map { _ in
            state &+= 0x9e37_79b9_7f4a_7c15
            let mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            return mixed ^ (mixed >> 27)
        }
        let bytes = words.withUnsafeBytes { Data($0) }
        return PublishedAdapter(
            bytes, PublishedPolicy(version: version, sha256: AdapterHash.of(bytes), modules: Self.modules))
    }

    @discardableResult
    func publish(_ adapter: PublishedAdapter) async -> PublishedPolicy {
        await adapters.publish(adapter, keepingFrom: adapter.manifest.policy.version - 2)
        return adapter.manifest.policy
    }

    func submit(_ request: DataTrajectory, _ context: ServerContext) async throws -> Reply<DataSubmitReply> {
        do { _ = try DrawnUnit(request, context.attachments) } catch { throw error.status }
        let unit = try await reporter.arrived(
            ControlDrawnUnit(
                unit: request.unit, token: request.token, worker: request.worker,
                policyVersion: request.policyVersion, adapterSha256: request.adapterSha256))
        guard unit.outcome == .accepted else {
            return Reply(DataSubmitReply(outcome: .refused, reason: "\(unit.outcome)", next: unit.next))
        }
        settled.withLock { $0 += 1 }
        // As with the real one the sampler does not wait for the score. Detached: nor does the score for its deadline.
        Task.detached { [reporter] in try await reporter.scored(ControlScoredUnit(unit: request.unit)) }
        return Reply(DataSubmitReply(outcome: .accepted, next: unit.next))
    }

    /// Does what the coordinator says until the task is cancelled.
    func follow() async throws {
        _ = try await books.publish(await publish(adapter(0)).wire, options: CallOptions(timeout: .seconds(10)))
        while !Task.isCancelled {
            let reply = try await books.instruct(
                ControlInstructRequest(worker: "learner", waitMs: 10_000), options: CallOptions(timeout: .seconds(20)))
            switch try LearnerInstruction(reply.message) {
            case .train(let round, _):
                var report = RoundReport()
                report.round = round
                _ = try await books.trained(
                    ControlTrainedRequest(policy: await publish(adapter(round + 1)).wire, report: report.wire))
            case .checkpoint(let round):
                _ = try await books.checkpointed(ControlCheckpointedRequest(round: UInt32(round)))
            case .wait: continue
            case .stop: return
            }
        }
    }
}
