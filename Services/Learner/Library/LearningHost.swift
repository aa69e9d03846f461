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
        policy = try DiffusionPolicy(model: model, lora: configuration.adapterConfiguration, isTrainable: true)
        update = policy.makeUpdate(
            configuration.algorithm, optimizer: configuration.optimizer, seed: configuration.seed,
            recomputesOld: configuration.sampling.precision != .f32)
        let dataset = configuration.algorithm.demands.dataset
        if !dataset.isEmpty, let update = update as? DenoisingUpdate { try Self.take(dataset, for: update) }
        let folder = configuration.algorithm.demands.references
        references = folder.isEmpty ? [] : policy.fitted(try ReferencePictures(folder: folder).pictures)
        referenceSet = references.isEmpty ? nil : ReferenceSet(latents: policy.encode(references))
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
    func grid() -> [Picture] {
        let grid = configuration.checkpoints
        guard grid.gridColumns > 0 else { return [] }
        let prompts = (grid.gridPrompts.isEmpty ? configuration.prompts : grid.gridPrompts).prefix(grid.gridRows)
        return prompts.enumerated().flatMap { row, prompt in
            policy.pictures(
                prompts: Array(repeating: prompt, count: grid.gridColumns), seed: configuration.seed &+ UInt64(row),
                settings: configuration.samplingSettings)
        }
    }

    /// Writes adapter and optimiser into a folder that exists.
    ///
    /// - Returns: what else has to be kept.
    func save(to folder: URL) throws -> PolicyUpdateState {
        try policy.adapter.write(to: folder)
        try SafeTensorsWriter().write(update.tensors, to: Self.optimizer(folder).path)
        return update.state
    }

    /// Gives an update the base model's pictures of another run's checkpoint.
    private static func take(_ dataset: String, for update: DenoisingUpdate) throws {
        let folder = URL(fileURLWithPath: dataset)
        do {
            let data = try Data(contentsOf: folder.appending(path: "state.json"))
            let state = try JSONDecoder().decode(CheckpointFolder.State.self, from: data)
            try update.takeBaseSamples(state.update, tensors(in: folder))
        } catch {
            throw ServiceError(
                "algorithm.dataset: \(dataset) is no checkpoint with base samples: \(ServiceProcess.oneLine(error))")
        }
    }

    private static func tensors(in folder: URL) throws -> [String: Tensor] {
        let file = try SafeTensorsFile(path: optimizer(folder).path)
        return try Dictionary(uniqueKeysWithValues: file.keys.map { ($0, try file.tensor(named: $0)) })
    }

    /// Goes on from what `save` wrote.
    func restore(_ state: PolicyUpdateState, from folder: URL) throws {
        try policy.bind(Adapter(folder: folder))
        try update.restore(state, tensors: Self.tensors(in: folder))
    }

    private static func optimizer(_ folder: URL) -> URL { folder.appending(path: "optimizer.safetensors") }
}
