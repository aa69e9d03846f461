import DiffusionPolicy
import Foundation
import Ledger
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import TensorCore
import Wire

/// Does what the coordinator says, one instruction after another: train, write a checkpoint, stop.
///
/// Used from one task.
final class TrainingLoop {
    private let configuration: RunConfiguration
    private let host: LearningHost
    private let learner: Learner
    private let membership: FleetMembership
    private let books: LearningClient
    private let checkpoints: CheckpointFolder
    private let samples: SampleSheet
    private let metrics: MetricsLog
    private let log: Logger
    private let plan: RunPlan
    private var selection: CheckpointSelection
    private var hasScoredReferences = false
    private var current: LearningHost.Version
    private var saved: Int?
    private var roundBegan = ContinuousClock.now

    init(
        _ configuration: RunConfiguration, run: URL, _ host: LearningHost, _ learner: Learner,
        _ membership: FleetMembership, from version: LearningHost.Version, saved: CheckpointFolder.State?,
        _ log: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.learner = learner
        self.membership = membership
        self.log = log
        self.saved = saved?.round
        books = LearningClient(membership.coordinator)
        checkpoints = CheckpointFolder(run: run)
        samples = SampleSheet(run: run, columns: configuration.checkpoints.gridColumns)
        metrics = MetricsLog(run: run)
        plan = configuration.plan
        selection = saved?.selection ?? CheckpointSelection(configuration.validation.selection)
        current = version
    }

    /// Works until the run is over or the shutdown is requested.
    ///
    /// An update that has begun is finished.
    func run(_ shutdown: Shutdown) async throws {
        try metrics.truncate(toRound: current.policy.version)
        await learner.publish(current)
        // Before anybody is told of the policy: the pictures from which the run starts.
        if !samples.has(0), current.policy.version == 0 {
            membership.now("drawing the first sample grid")
            try samples.write(await host.grid(), round: 0)
        }
        let first = current.policy.wire
        try await insisting { [books] in
            _ = try await books.publish(first, options: CallOptions(timeout: .seconds(10)))
        }
        roundBegan = .now
        while !shutdown.isRequested {
            switch try await instruction(shutdown) {
            case .wait(let reason): membership.now(reason)
            case .stop: return
            case .checkpoint(let round): try await checkpoint(round)
            case .train(let round, let units): try await train(round, units)
            }
        }
        // Stopped from outside, without the coordinator's word: what was learned must not be lost.
        if saved != current.policy.version { try await checkpoint(current.policy.version) }
    }

    private func instruction(_ shutdown: Shutdown) async throws -> LearnerInstruction {
        let books = books
        let ask = Task {
            try await books.instruct(
                ControlInstructRequest(worker: "learner", waitMs: 10_000), options: CallOptions(timeout: .seconds(20)))
        }
        let watch = Task {
            await shutdown.wait()
            ask.cancel()
        }
        defer { watch.cancel() }
        do {
            return try LearnerInstruction(try await ask.value.message)
        } catch let error as PeerError {
            throw error
        } catch {
            if !shutdown.isRequested { try await Task.sleep(for: .milliseconds(500)) }
            return .wait("the coordinator does not answer")
        }
    }

    private func train(_ round: Int, _ units: [UnitID]) async throws {
        guard round == current.policy.version else {
            // The answer to an instruction that is done was lost; the books will know by the next one.
            log.warning("asked for round \(round) with policy version \(current.policy.version)")
            try await Task.sleep(for: .milliseconds(500))
            return
        }
        let isLast = round == configuration.rounds
        membership.now(isLast ? "validating the last policy" : "training round \(round)")
        let (batch, validation) = split(try await learner.batch(units))
        let began = ContinuousClock.now
        var report = RoundReport()
        report.round = round
        report.validation = try await validate(round, validation)
        report.warnOfMissingValidation(ofDue: plan.validationPictures(ofRound: round))
        if !batch.isEmpty {
            try await scoreReferences(unit: batch[0].0.unit)
            let gradients = try await gradients(batch.map(\.0))
            let update = await host.train(batch.map { ($0, $1.rewards) }, round: round, gradients: gradients)
            report.describe(update)
        }
        if !isLast {
            current = await host.version(round + 1)
            await learner.publish(current)
        }
        report.updateSeconds = (ContinuousClock.now - began) / .seconds(1)
        report.seconds = (ContinuousClock.now - roundBegan) / .seconds(1)
        roundBegan = .now
        report.describe(batch)
        try metrics.append(report)
        let request = ControlTrainedRequest(policy: current.policy.wire, report: report.wire)
        try await insisting { [books] in
            _ = try await books.trained(request, options: CallOptions(timeout: .seconds(10)))
        }
        if let next = plan.units(ofRound: round + 1).first { await learner.forget(below: next) }
    }

    /// How the rewards change with the pictures, unit by unit, if the algorithm wants to know.
    private func gradients(_ batch: [DrawnUnit]) async throws -> [Tensor] {
        guard configuration.algorithm.demands.needsRewardGradient else { return [] }
        var gradients: [Tensor] = []
        for drawn in batch { gradients.append(try await learner.gradient(await host.pixels(of: drawn))) }
        return gradients
    }

    /// Asks the rewards of the first round about the references, once for each prompt, if an algorithm compares them.
    private func scoreReferences(unit: UnitID) async throws {
        let references = host.references
        guard !references.isEmpty, !hasScoredReferences else { return }
        for prompt in Set(configuration.prompts).sorted() {
            let batch = PictureBatch(
                pictures: references, prompts: references.map { _ in prompt }, unit: unit.rawValue)
            await host.setReferenceRewards(try await learner.rewards(of: batch), prompt: prompt)
        }
        hasScoredReferences = true
    }

    /// The units to learn from, and those that validate.
    private func split(
        _ units: [(DrawnUnit, ScoredUnit)]
    ) -> (batch: [(DrawnUnit, ScoredUnit)], validation: [(place: Int, scored: ScoredUnit)]) {
        (
            units.filter { plan.validationPlace(of: $0.0.unit) == nil },
            units.compactMap { drawn, scored in plan.validationPlace(of: drawn.unit).map { ($0, scored) } }
        )
    }

    /// Compares the policy in force with those before it, and keeps it if it is the best.
    private func validate(_ round: Int, _ units: [(place: Int, scored: ScoredUnit)]) async throws -> ValidationReport? {
        guard !units.isEmpty else { return nil }
        let reward = configuration.validation.reward
        var rewards: [Int: Double] = [:]
        for (place, scored) in units {
            let values = reward.isEmpty ? scored.rewards : scored.values(of: reward)
            for (index, value) in values.enumerated() { rewards[place * plan.samplesPerUnit + index] = value }
        }
        let report = selection.enter(version: round, rewards: rewards)
        if report.selected == round {
            let host = host
            try await checkpoints.writeBest(state(round)) { try await host.save(to: $0) }
        }
        return report
    }

    private func state(_ round: Int) -> CheckpointFolder.State {
        CheckpointFolder.State(
            round: round, adapterSHA256: current.policy.sha256, modules: current.policy.modules,
            seed: configuration.seed, run: configuration.run, selection: selection)
    }

    private func checkpoint(_ round: Int) async throws {
        guard round == current.policy.version else {
            log.warning("asked for the checkpoint of \(round) with policy version \(current.policy.version)")
            try await Task.sleep(for: .milliseconds(500))
            return
        }
        membership.now("writing the checkpoint of round \(round)")
        let host = host
        try await checkpoints.write(state(round)) { try await host.save(to: $0) }
        saved = round
        if !samples.has(round) { try samples.write(await host.grid(), round: round) }
        try await insisting { [books] in
            _ = try await books.checkpointed(
                ControlCheckpointedRequest(round: UInt32(round)), options: CallOptions(timeout: .seconds(10)))
        }
        // Writing is no part of the next round.
        roundBegan = .now
    }
}
