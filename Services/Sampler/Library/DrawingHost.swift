import Diffusion
import DiffusionPolicy
import Foundation
import NeuralNet
import ServiceAPI
import ServiceRuntime
import TensorCore

/// The policy on a thread of its own.
actor DrawingHost: Drawing {
    private let policy: DiffusionPolicy
    private let threads: Int
    /// SHA-256 of the adapter that is bound.
    private var adapter = ""
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Loads the model.
    ///
    /// - Throws: an error that names the file.
    init(model: URL, trains part: TrainedPart, threads: Int, precision: ComputePrecision, scheduler: SamplingMethod)
        throws
    {
        executor = ThreadExecutor(name: "sampler")
        self.threads = threads
        ComputeThreads.set(threads)
        policy = try DiffusionPolicy(
            model: model, trains: part, isTrainable: false, precision: precision, scheduler: scheduler)
    }

    /// Binds an adapter.
    ///
    /// - Returns: the hash of the bytes that were bound, and how many modules they bind.
    /// - Throws: if the bytes are no adapter of this model.
    func bind(_ bytes: Data, name: String) throws -> (sha256: String, modules: Int) {
        let modules = try policy.bind(bytes: [UInt8](bytes), name: name)
        adapter = AdapterHash.of(bytes)
        return (adapter, modules)
    }

    /// Draws a unit with the adapter that is bound.
    func draw(_ order: DrawingOrder, worker: String) -> DrawnUnit {
        // OpenMP keeps the number for each thread that asks.
        ComputeThreads.set(threads)
        let settings = SamplingSettings(steps: order.steps, guidance: order.guidance, eta: order.eta)
        let (rollout, pictures) = policy.rollout(
            prompts: order.prompts, unit: order.noiseUnit, runSeed: order.runSeed, settings: settings,
            exploration: order.exploration, payload: order.isWholeTrajectory ? .trajectory : .finalLatent)
        return DrawnUnit(
            unit: order.unit, token: order.token, worker: worker, policyVersion: order.policy.version,
            adapter: adapter, runSeed: order.runSeed, prompts: order.prompts, latents: rollout.latents,
            logProbabilities: rollout.logProbabilities, pictures: pictures)
    }
}
