import Diffusion
import DiffusionPolicy
import Foundation
import Imaging
import Ledger
import NeuralNet
import RL
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import TensorCore

/// The policy and its update on a thread of their own.
actor LearningHost {
    /// A policy version as it is published.
    struct Version: Sendable {
        let policy: PublishedPolicy
        let adapter: Data
    }

    private let policy: DiffusionPolicy
    private let update: PolicyUpdate
    private let configuration: RunConfiguration
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Loads the model.
    ///
    /// - Throws: an error that names the file.
    init(_ configuration: RunConfiguration, model: URL) throws {
        executor = ThreadExecutor(name: "learner")
        self.configuration = configuration
        ComputeThreads.set(configuration.fleet.learnerThreads)
        let machine = MachineMemory()
        let memory = RunMemory(configuration, try ModelOutline(folder: model), machine: machine?.total)
        if configuration.fleet.memoryLimit == nil {
            try machine?.require(
                memory.learner, for: "the learner",
                advice: "lower algorithm.microBatch, set training.precision to bf16, or set fleet.memoryLimit")
        }
        policy = try DiffusionPolicy(
            model: model, lora: configuration.adapterConfiguration, isTrainable: true,
            precision: configuration.training.precision)
        try policy.requireTrainable(configuration.samplingSettings)
        update = PolicyUpdate(
            policy: policy, algorithm: configuration.algorithm, optimizer: configuration.optimizer,
            seed: configuration.seed, scheduler: configuration.sampling.scheduler,
            recomputesOld: configuration.recomputesOldLogProbabilities,
            recomputesActivations: memory.recomputes)
    }

    /// Refuses a model on which LoRA would learn nothing.
    func selfCheck() throws {
        // OpenMP keeps the number for each thread that asks.
        ComputeThreads.set(configuration.fleet.learnerThreads)
        try policy.selfCheck()
    }

    /// The adapter as it is, under a version number.
    func version(_ number: Int) -> Version {
        let adapter = policy.adapter
        let bytes = Data(adapter.weights())
        return Version(
            policy: PublishedPolicy(
                version: number, sha256: AdapterHash.of(bytes), modules: adapter.matrices.count / 2),
            adapter: bytes)
    }

    /// One update on a batch in its order.
    ///
    /// - Throws: an error that names the sampler if it cannot have drawn the batch.
    func train(_ batch: [(DrawnUnit, [Double])]) throws -> UpdateMetrics {
        let settings = configuration.samplingSettings
        let rollouts = batch.map { drawn, _ in
            Rollout(
                prompts: drawn.prompts, latents: drawn.latents, logProbabilities: drawn.logProbabilities,
                guidance: settings.guidance, eta: settings.eta)
        }
        return try update.update(rollouts: rollouts, rewards: batch.map(\.1))
    }

    /// The pictures of the sample grid, row by row: the same prompts and the same noise every time.
    ///
    /// - Throws: an error that names the grid's sampler if it cannot make such a run.
    func grid() throws -> [Picture] {
        let grid = configuration.checkpoints
        guard grid.gridColumns > 0 else { return [] }
        let prompts = (grid.gridPrompts.isEmpty ? configuration.prompts : grid.gridPrompts).prefix(grid.gridRows)
        var settings = configuration.samplingSettings
        if let scheduler = grid.gridScheduler { (settings.scheduler, settings.eta) = (scheduler, 1) }
        return try prompts.enumerated().flatMap { row, prompt in
            try policy.pictures(
                prompts: Array(repeating: prompt, count: grid.gridColumns), seed: configuration.seed &+ UInt64(row),
                settings: settings)
        }
    }

    /// Writes adapter and optimiser into a folder that exists.
    ///
    /// - Returns: what else has to be kept.
    func save(to folder: URL) throws -> PolicyUpdate.State {
        try policy.adapter.write(to: folder)
        try SafeTensorsWriter().write(update.optimizerState, to: Self.optimizer(folder).path)
        return update.state
    }

    /// Goes on from what `save` wrote.
    func restore(_ state: PolicyUpdate.State, from folder: URL) throws {
        try policy.bind(Adapter(folder: folder))
        let file = try SafeTensorsFile(path: Self.optimizer(folder).path)
        var moments: [String: Tensor] = [:]
        for key in file.keys { moments[key] = try file.tensor(named: key) }
        try update.restore(state, optimizer: moments)
    }

    private static func optimizer(_ folder: URL) -> URL { folder.appending(path: "optimizer.safetensors") }
}
