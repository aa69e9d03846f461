import Autograd
import Diffusion
import Foundation
import Imaging
import NeuralNet
import RL
import TensorCore

/// A text-to-image checkpoint with an adapter, seen as a reinforcement-learning policy over denoising steps.
///
/// Not `Sendable`: it lives in one actor that has an executor of its own, because its calls compute for seconds.
public final class DiffusionPolicy {
    public let model: StableDiffusion
    public let lora: LoRAConfiguration
    private let unconditional: TextStates
    private var states: [String: TextStates] = [:]

    /// Loads a checkpoint and gives it a fresh adapter.
    ///
    /// - Parameters:
    ///   - folder: a checkpoint in the diffusers layout.
    ///   - lora: where the adapter goes; it starts as nothing.
    ///   - isTrainable: whether the adapter takes gradients; a sampler's does not.
    ///   - precision: of the products; scheduler, log-probabilities and adapter are f32 in any case.
    /// - Throws: an error that names the file or the option.
    public init(
        model folder: URL, lora: LoRAConfiguration, isTrainable: Bool, precision: ComputePrecision = .f32
    ) throws {
        model = try StableDiffusion(
            folder: folder, lora: lora, adapterIsTrainable: isTrainable, options: LoadingOptions(precision: precision))
        self.lora = lora
        unconditional = model.unconditional()
    }

    /// Text states of prompts; each distinct prompt is encoded once.
    func text(_ prompts: [String]) -> TextStates {
        .concatenating(
            prompts.map { prompt in
                if let known = states[prompt] { return known }
                // A run has few prompts; a cache that grew beyond them would be somebody's mistake, not a need.
                if states.count > 4096 { states.removeAll() }
                let made = model.encode(prompts: [prompt])
                states[prompt] = made
                return made
            })
    }

    /// The guided prediction for latents of several prompts and timesteps in one batch.
    func predict(_ latents: Tensor, timesteps: [Float], prompts: [String], guidance: Double, recompute: Bool)
        -> Variable
    {
        let text = model.guidedText(text(prompts), unconditional: unconditional, guidance: guidance)
        return model.predict(latents, timesteps: timesteps, text: text, recompute: recompute)
    }

    /// Draws one unit: the same bytes for the same arguments and adapter, by whichever process.
    ///
    /// - Parameters:
    ///   - prompts: one per sample.
    ///   - unit: the unit's number; with `runSeed` it determines all noise.
    ///   - runSeed: the seed of the run.
    ///   - settings: sampler, steps, guidance and eta.
    /// - Returns: the trajectories, with log-probabilities under the present adapter (0 of a step that draws nothing), and
    ///   one picture per prompt.
    /// - Throws: ``ModelError`` if the sampler cannot make such a run.
    /// - Precondition: there is a prompt, and eta is above 0.
    public func rollout(
        prompts: [String], unit: UInt64, runSeed: UInt64, settings: SamplingSettings
    ) throws(ModelError) -> (rollout: Rollout, pictures: [Picture]) {
        precondition(!prompts.isEmpty, "a rollout of no prompt")
        precondition(settings.eta > 0, "a rollout needs eta > 0, or its steps have no log-probability")
        var latents: [Tensor] = []
        var logProbabilities: [Tensor] = []
        let last = try model.sample(
            text: text(prompts), unconditional: unconditional, settings: settings,
            noise: { Noise(seed: runSeed, unit: unit, sample: $0, step: $1, purpose: .transition) },
            initial: { Noise(seed: runSeed, unit: unit, sample: $0, purpose: .initialLatent) }
        ) { _, transition, from, to, output in
            latents.append(from)
            guard transition.isStochastic else {
                logProbabilities.append(Tensor(zeros: [prompts.count]))
                return
            }
            // The learner's own arithmetic, so that the ratio is exactly 1 before its first step.
            let mean = Variable(transition.mean(sample: from, output: output))
            let deviation = [Double](repeating: transition.standardDeviation, count: prompts.count)
            logProbabilities.append(mean.gaussianLogProbability(of: to, deviation: deviation).value)
        }
        latents.append(last)
        let rollout = Rollout(
            prompts: prompts, latents: .stacking(latents), logProbabilities: .stacking(logProbabilities),
            guidance: settings.guidance, eta: settings.eta)
        return (rollout, Picture.pictures(model.decode(last)))
    }

    /// Refuses a way of drawing of which nothing could be learned.
    ///
    /// - Throws: ``ModelError`` naming the sampler.
    public func requireTrainable(_ settings: SamplingSettings) throws(ModelError) {
        guard try model.samplers.transitions(settings).first?.isStochastic == true else {
            throw ModelError(
                path: settings.scheduler.rawValue, reason: "a run of \(settings.steps) steps draws nothing at random")
        }
    }

    /// Pictures of fixed prompts and seeds, to compare checkpoints by.
    ///
    /// - Throws: ``ModelError`` if the sampler cannot make such a run.
    public func pictures(
        prompts: [String], seed: UInt64, settings: SamplingSettings
    ) throws(ModelError) -> [Picture] {
        Picture.pictures(try model.pictures(prompts: prompts, seed: seed, settings: settings))
    }
}

extension DiffusionPolicy {
    /// The adapter as it is now.
    public var adapter: Adapter { Adapter(lora, model.adapter) }

    /// Binds an adapter's matrices; all or nothing.
    ///
    /// - Returns: the number of modules bound.
    /// - Throws: `ParameterError` if a matrix is missing, has no place, or has another shape.
    @discardableResult
    public func bind(_ adapter: Adapter) throws -> Int { try adapter.load(into: model.adapter) }

    /// Binds an adapter from the bytes of `adapter_model.safetensors`; `name` is what errors call them.
    @discardableResult
    public func bind(weights: [UInt8], name: String) throws -> Int {
        try bind(Adapter(lora, weights: weights, name: name))
    }
}
