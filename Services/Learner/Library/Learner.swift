import Foundation
import Ledger
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import TensorCore
import Wire

/// Takes trajectories, has them scored, trains when the coordinator says that a batch is whole, and publishes adapters.
///
/// Nothing here computes: pictures and gradients are `LearningHost`'s.
actor Learner {
    private let configuration: RunConfiguration
    private let plan: RunPlan
    private let reporter: UnitReporter
    private let dispatcher: ScoringDispatcher
    private let log: Logger
    private var store = TrajectoryStore()
    /// The adapters that samplers may still ask for.
    nonisolated let adapters = AdapterStore()
    /// Theirs, by version.
    private var policies: [Int: PublishedPolicy] = [:]
    private var scoring: [UnitID: Task<Void, Never>] = [:]
    /// Set when the run cannot go on.
    private(set) var failure: ServiceError?
    private let onFailure: @Sendable (String) -> Void

    init(
        _ configuration: RunConfiguration, _ reporter: UnitReporter, _ dispatcher: ScoringDispatcher, _ log: Logger,
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        plan = configuration.plan
        self.reporter = reporter
        self.dispatcher = dispatcher
        self.log = log
        self.onFailure = onFailure
    }

    // MARK: Adapters

    /// Makes a version the one in force.
    func publish(_ version: LearningHost.Version) async {
        let current = version.policy.version
        policies[current] = version.policy
        // Older than the staleness bound allows nobody draws with it any more.
        let oldest = current - configuration.staleness - 1
        policies = policies.filter { $0.key >= oldest }
        await adapters.publish(PublishedAdapter(version.adapter, version.policy), keepingFrom: oldest)
    }

    // MARK: Trajectories

    /// Takes a trajectory if the books say that it is the one that counts.
    ///
    /// - Throws: `RPCStatus` if the coordinator cannot be asked; the sampler tries again then.
    func take(_ drawn: DrawnUnit) async throws -> DataSubmitReply {
        if let reason = refusal(of: drawn) { return DataSubmitReply(outcome: .refused, reason: reason) }
        let arrival = ControlDrawnUnit(
            unit: drawn.unit.rawValue, token: drawn.token.rawValue, worker: drawn.worker,
            policyVersion: UInt32(drawn.policyVersion), adapterSha256: drawn.adapter)
        var attempts = 0
        while true {
            attempts += 1
            do {
                let settled = try await reporter.arrived(arrival)
                var outcome = SubmitOutcome(try SettleOutcome(settled.outcome))
                // The answer to an earlier attempt may have been lost: then it was this result that counted.
                if outcome == .duplicate, attempts > 1, store[drawn.unit] == nil { outcome = .accepted }
                if outcome == .accepted, store.keep(drawn) { score(drawn) }
                return DataSubmitReply(
                    outcome: outcome.wire,
                    reason: settled.outcome == .refused ? "the books do not know this lease" : "",
                    next: settled.next)
            } catch let status as RPCStatus {
                guard attempts < 5 else { throw status }
                try await Task.sleep(for: .milliseconds(200 * attempts))
            }
        }
    }

    /// What is wrong with a trajectory, if anything is.
    private func refusal(of drawn: DrawnUnit) -> String? {
        guard policies[drawn.policyVersion]?.sha256 == drawn.adapter else {
            return "drawn with an adapter that is not version \(drawn.policyVersion)"
        }
        let isWhole =
            configuration.algorithm.demands.payload == .trajectory && plan.validationPlace(of: drawn.unit) == nil
        guard drawn.prompts.count == configuration.sampling.samplesPerUnit else {
            return "\(drawn.prompts.count) pictures where \(configuration.sampling.samplesPerUnit) are due"
        }
        let steps = isWhole ? configuration.sampling.steps : 0
        guard drawn.latents.shape[0] == steps + 1 else {
            return "\(drawn.latents.shape[0] - 1) steps where \(steps) are due"
        }
        guard drawn.runSeed == configuration.seed else { return "drawn for the seed \(drawn.runSeed)" }
        return nil
    }

    private func score(_ drawn: DrawnUnit) {
        // Detached: scoring outlives the call that brought the trajectory, and must not inherit its deadline, only its trace.
        let trace = TraceContext.current
        scoring[drawn.unit] = Task.detached {
            await TraceContext.$current.withValue(trace) { await self.finishScoring(drawn) }
        }
    }

    private func finishScoring(_ drawn: DrawnUnit) async {
        defer { scoring[drawn.unit] = nil }
        do {
            var invalid = ""
            switch try await dispatcher.score(drawn.pictureBatch) {
            case .scored(let scored): store.score(drawn.unit, scored)
            case .invalid(let reason):
                store.remove(drawn.unit)
                invalid = reason
            case .broken(let reason):
                fail(ServiceError(reason))
                return
            }
            let scored = ControlScoredUnit(unit: drawn.unit.rawValue, invalid: invalid)
            try await insisting { [reporter] in try await reporter.scored(scored) }
        } catch is CancellationError {
        } catch {
            fail(ServiceError("cannot tell the coordinator of \(drawn.unit): \(ServiceProcess.oneLine(error))"))
        }
    }

    /// Ends the run: the first reason counts.
    func fail(_ error: ServiceError) {
        guard failure == nil else { return }
        failure = error
        onFailure(error.description)
    }

    /// How the rewards of a unit change with its pictures.
    func gradient(_ batch: PixelBatch) async throws -> Tensor { try await dispatcher.gradient(batch) }

    /// The weighted sum of the rewards of pictures that no unit drew.
    func rewards(of batch: PictureBatch) async throws -> [Double] {
        switch try await dispatcher.score(batch) {
        case .scored(let scored): return scored.rewards
        case .invalid(let reason), .broken(let reason): throw ServiceError(reason)
        }
    }

    // MARK: Batches

    /// The trajectories of a batch in its order, with their scores.
    ///
    /// - Throws: `ServiceError` if the books name a unit that is not here.
    func batch(_ units: [UnitID]) throws -> [(DrawnUnit, ScoredUnit)] {
        try units.map { unit in
            guard let entry = store[unit], let scored = entry.scored else {
                throw ServiceError("the coordinator asks for \(unit), which the learner does not hold scored")
            }
            return (entry.drawn, scored)
        }
    }

    func forget(below unit: UnitID) {
        store.remove(below: unit)
    }

    func stopScoring() {
        for task in scoring.values { task.cancel() }
    }
}
