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
    private let update: any PolicyUpdate
    /// A subject's reference pictures, in the policy's size; empty where no algorithm wants them.
    let references: [Picture]
    private var referenceSet: ReferenceSet?
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
            model: model, trains: configuration.trainedPart, isTrainable: true,
            precision: configuration.training.precision, scheduler: configuration.sampling.scheduler)
        try policy.check(configuration.samplingSettings)
        policy.recomputesActivations = memory.recomputes
        update = policy.makeUpdate(
            configuration.algorithm, optimizer: configuration.optimizer, seed: configuration.seed,
            recomputesOld: configuration.recomputesOldLogProbabilities)
        let dataset = configuration.algorithm.demands.dataset
        if !dataset.isEmpty, let update = update as? DenoisingUpdate { try Self.take(dataset, for: update) }
        let folder = configuration.algorithm.demands.references
        references = folder.isEmpty ? [] : policy.fitted(try ReferencePictures(folder: folder).pictures)
        referenceSet = references.isEmpty ? nil : ReferenceSet(latents: policy.encode(references))
    }

    /// Refuses a model that would learn nothing.
    func selfCheck() throws {
        // OpenMP keeps the number for each thread that asks.
        ComputeThreads.set(configuration.fleet.learnerThreads)
        try policy.selfCheck()
    }

    /// What has been learned, under a version number.
    func version(_ number: Int) -> Version {
        let weights = policy.weights
        let bytes = Data(weights.bytes())
        return Version(
            policy: PublishedPolicy(version: number, sha256: AdapterHash.of(bytes), modules: weights.modules),
            adapter: bytes)
    }

    /// One update on a round's batch in its order.
    ///
    /// Where the algorithm wants them, `gradients` are the derivatives of the rewards by the pixels of ``pixels(of:)``.
    func train(_ batch: [(DrawnUnit, [Double])], round: Int, gradients: [Tensor] = []) -> UpdateMetrics {
        let rollouts = batch.map { drawn, _ in
            Rollout(
                prompts: drawn.prompts, latents: drawn.latents, logProbabilities: drawn.logProbabilities,
                conditions: policy.conditions(
                    prompts: drawn.prompts, unit: drawn.unit.rawValue, runSeed: drawn.runSeed,
                    settings: configuration.samplingSettings,
                    exploration: configuration.exploration(ofRound: round)))
        }
        var training = TrainingBatch(rollouts: rollouts, rewards: batch.map(\.1), pictureGradients: gradients)
        training.references = referenceSet
        return update.update(training)
    }

    /// A unit's pictures before they were rounded.
    func pixels(of drawn: DrawnUnit) -> PixelBatch {
        PixelBatch(
            pixels: policy.pixels(drawn.latents[drawn.latents.shape[0] - 1]), prompts: drawn.prompts,
            unit: drawn.unit.rawValue)
    }

    /// Takes in what the rewards say of the references under a prompt.
    func setReferenceRewards(_ rewards: [Double], prompt: String) {
        referenceSet?.rewards[prompt] = rewards
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

    /// Writes what has been learned and the optimiser into a folder that exists.
    ///
    /// - Returns: what else has to be kept.
    func save(to folder: URL) throws -> PolicyUpdateState {
        try policy.write(to: folder)
        try SafeTensorsWriter().write(update.tensors, to: Self.optimizer(folder).path)
        return update.state
    }

    /// Gives an update the base model's pictures of another run's checkpoint.
    private static func take(_ dataset: String, for update: DenoisingUpdate) throws {
        let samples = try BaseSampleDataset(dataset)
        do {
            try update.takeBaseSamples(samples.state, tensors(of: samples.file))
        } catch {
            throw ServiceError(
                "algorithm.dataset: \(dataset) is no checkpoint with base samples: \(ServiceProcess.oneLine(error))")
        }
    }

    private static func tensors(of file: SafeTensorsFile) throws -> [String: Tensor] {
        try Dictionary(uniqueKeysWithValues: file.keys.map { ($0, try file.tensor(named: $0)) })
    }

    /// Goes on from what `save` wrote.
    func restore(_ state: PolicyUpdateState, from folder: URL) throws {
        try policy.read(from: folder)
        let file = try SafeTensorsFile(path: Self.optimizer(folder).path)
        try update.restore(state, tensors: Self.tensors(of: file))
    }

    static func optimizer(_ folder: URL) -> URL { folder.appending(path: "optimizer.safetensors") }
}
