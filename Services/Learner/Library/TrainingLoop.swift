import DiffusionPolicy
import Foundation
import Ledger
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
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
    private var current: LearningHost.Version
    private var saved: Int?
    private var roundBegan = ContinuousClock.now

    init(
        _ configuration: RunConfiguration, run: URL, _ host: LearningHost, _ learner: Learner,
        _ membership: FleetMembership, from version: LearningHost.Version, saved: Int?, _ log: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.learner = learner
        self.membership = membership
        self.log = log
        self.saved = saved
        books = LearningClient(membership.coordinator)
        checkpoints = CheckpointFolder(run: run)
        samples = SampleSheet(run: run, columns: configuration.checkpoints.gridColumns)
        metrics = MetricsLog(run: run)
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
        membership.now("training round \(round)")
        let batch = try await learner.batch(units)
        let began = ContinuousClock.now
        var report = RoundReport()
        report.round = round
        if !batch.isEmpty {
            let update = try await host.train(batch.map { ($0, $1.rewards) })
            report.loss = update.loss
            report.approximateKL = update.approximateKL
            report.clipFraction = update.clipFraction
            report.gradientNorm = update.gradientNorm
        }
        current = await host.version(round + 1)
        await learner.publish(current)
        report.updateSeconds = (ContinuousClock.now - began) / .seconds(1)
        report.seconds = (ContinuousClock.now - roundBegan) / .seconds(1)
        roundBegan = .now
        report.describe(batch)
        try metrics.append(report)
        let request = ControlTrainedRequest(policy: current.policy.wire, report: report.wire)
        try await insisting { [books] in
            _ = try await books.trained(request, options: CallOptions(timeout: .seconds(10)))
        }
        await learner.forget(below: UnitID(UInt64((round + 1) * configuration.sampling.unitsPerRound)))
    }

    private func checkpoint(_ round: Int) async throws {
        guard round == current.policy.version else {
            log.warning("asked for the checkpoint of \(round) with policy version \(current.policy.version)")
            try await Task.sleep(for: .milliseconds(500))
            return
        }
        membership.now("writing the checkpoint of round \(round)")
        let state = CheckpointFolder.State(
            round: round, adapterSHA256: current.policy.sha256, modules: current.policy.modules,
            seed: configuration.seed, run: configuration.run)
        let host = host
        try await checkpoints.write(state) { try await host.save(to: $0) }
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
