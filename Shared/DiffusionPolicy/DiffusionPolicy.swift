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
    /// What of the UNet is trained.
    public let part: TrainedPart
    /// The checkpoint of the base model.
    let folder: URL
    /// The sampler of all trajectories: one whose steps stand alone.
    public let scheduler: SamplingMethod
    /// Whether backward passes compute the network's blocks again: a third slower, in a fraction of the memory.
    public var recomputesActivations = false
    /// What is trained, as it is in the base model.
    let base: [Tensor]
    /// Of the network's products.
    let precision: ComputePrecision
    private let unconditional: TextStates
    private var states: [TextKey: TextStates] = [:]

    /// Loads a checkpoint of which nothing has been trained yet.
    ///
    /// - Parameters:
    ///   - folder: a checkpoint in the diffusers layout.
    ///   - part: what of the UNet is trained; an adapter starts as nothing.
    ///   - isTrainable: whether that takes gradients; a sampler's does not.
    ///   - precision: of the products; scheduler, log-probabilities and adapter are f32 in any case.
    ///   - scheduler: the sampler of trajectories.
    /// - Throws: an error that names the file or the option.
    public init(
        model folder: URL, trains part: TrainedPart, isTrainable: Bool, precision: ComputePrecision = .f32,
        scheduler: SamplingMethod = .ddim
    ) throws {
        (self.scheduler, self.precision) = (scheduler, precision)
        model = try StableDiffusion(
            folder: folder, trains: part, isTrainable: isTrainable, options: LoadingOptions(precision: precision))
        (self.part, self.folder) = (part, folder)
        base = model.trained.map { part == .network ? $0.variable.value : Tensor(zeros: $0.variable.shape) }
        unconditional = model.unconditional()
    }

    /// A prompt as it is encoded.
    private struct TextKey: Hashable {
        let prompt: String
        let phrases: [WeightedPhrase]
    }

    /// Text states of prompts, some of whose phrases may be weighted; each distinct one is encoded once.
    func text(_ prompts: [String], phrases: [[WeightedPhrase]] = []) -> TextStates {
        .concatenating(
            prompts.enumerated().map { index, prompt in
                let key = TextKey(prompt: prompt, phrases: phrases.isEmpty ? [] : phrases[index])
                if let known = states[key] { return known }
                // A run has few prompts, a round few weights; a cache that grew beyond them would be somebody's mistake.
                if states.count > 4096 { states.removeAll() }
                let made = encode(key)
                states[key] = made
                return made
            })
    }

    private func encode(_ key: TextKey) -> TextStates {
        guard !key.phrases.isEmpty else { return model.encode(prompts: [key.prompt]) }
        do {
            return try model.prompts.weighted(key.prompt, [key.phrases])
        } catch {
            preconditionFailure("phrases are cut from their own prompt: \(error)")
        }
    }

    /// The guided prediction for latents of several prompts, timesteps and guidance scales in one batch.
    func predict(
        _ latents: Variable, timesteps: [Float], text states: TextStates, guidance: [Double], recompute: Bool
    ) -> Variable {
        let text = model.guidedText(states, unconditional: unconditional, guidance: guidance)
        return model.predict(latents, timesteps: timesteps, text: text, recompute: recompute || recomputesActivations)
    }

    /// Draws one unit: the same bytes for the same arguments and adapter, by whichever process.
    ///
    /// - Parameters:
    ///   - prompts: one per sample.
    ///   - unit: the unit's number; with `runSeed` it determines all noise.
    ///   - runSeed: the seed of the run.
    ///   - settings: steps, guidance and eta.
    ///   - exploration: what is drawn unlike the policy alone would, where that is wanted.
    ///   - payload: whether the trajectories are wanted, or only where they end.
    /// - Returns: the trajectories, with log-probabilities under the present adapter, and one picture per prompt.
    /// - Precondition: there is a prompt, and eta is above 0 where trajectories are wanted.
    public func rollout(
        prompts: [String], unit: UInt64, runSeed: UInt64, settings: SamplingSettings, exploration: Exploration? = nil,
        payload: AlgorithmDemands.Payload = .trajectory
    ) -> (rollout: Rollout, pictures: [Picture]) {
        precondition(!prompts.isEmpty, "a rollout of no prompt")
        var settings = settings.exploring(exploration)
        settings.scheduler = scheduler
        let conditions = conditions(
            prompts: prompts, unit: unit, runSeed: runSeed, settings: settings, exploration: exploration)
        let isWhole = payload == .trajectory
        var latents: [Tensor] = []
        var logProbabilities: [Tensor] = []
        let last = model.sample(
            text: text(prompts, phrases: conditions.phrases), unconditional: unconditional, settings: settings,
            noise: { Noise(seed: runSeed, unit: unit, sample: $0, step: $1, purpose: .transition) },
            initial: { Noise(seed: runSeed, unit: unit, sample: $0, purpose: .initialLatent) }
        ) { _, transition, from, to, output in
            guard isWhole else { return }
            latents.append(from)
            // A deterministic step has no log-probability; nobody asks for it.
            guard transition.isStochastic else {
                return logProbabilities.append(Tensor(zeros: [prompts.count]))
            }
            // The learner's own arithmetic, so that the ratio is exactly 1 before its first step.
            let mean = Variable(transition.mean(sample: from, output: output))
            let deviation = [Double](repeating: transition.standardDeviation, count: prompts.count)
            logProbabilities.append(mean.gaussianLogProbability(of: to, deviation: deviation).value)
        }
        latents.append(last)
        let rollout = Rollout(
            prompts: prompts, latents: .stacking(latents),
            logProbabilities: isWhole ? .stacking(logProbabilities) : Tensor(zeros: [0, prompts.count]),
            conditions: conditions)
        return (rollout, Picture.pictures(model.decode(last)))
    }

    /// How a unit is drawn: the learner finds the same by itself.
    public func conditions(
        prompts: [String], unit: UInt64, runSeed: UInt64, settings: SamplingSettings, exploration: Exploration?
    ) -> Rollout.Conditions {
        let settings = settings.exploring(exploration)
        let phrases = exploration.map { exploration in
            prompts.enumerated().map { sample, prompt in
                exploration.weights(prompt: prompt, seed: runSeed, unit: unit, sample: sample)
                    .map { WeightedPhrase($0.phrase, weight: $0.weight) }
            }
        }
        return Rollout.Conditions(
            guidance: transitions(settings.steps, eta: settings.eta).map {
                settings.guidance(at: $0.timestep)
            }, eta: settings.eta, phrases: phrases ?? [])
    }

    /// The transitions of trajectories, most noisy first.
    ///
    /// - Precondition: ``check(_:)`` has passed for as many steps.
    func transitions(_ steps: Int, eta: Double) -> [Transition] {
        model.samplers.checkedTransitions(SamplingSettings(steps: steps, eta: eta, scheduler: scheduler))
    }

    /// Refuses a run that the sampler cannot make.
    ///
    /// - Throws: ``ModelError`` naming the sampler.
    public func check(_ settings: SamplingSettings) throws(ModelError) {
        _ = try model.samplers.transitions(scheduler, count: settings.steps, eta: settings.eta)
    }

    /// Pictures of fixed prompts and seeds, to compare checkpoints by; the settings may name any sampler.
    ///
    /// - Throws: ``ModelError`` if the sampler cannot make such a run.
    public func pictures(
        prompts: [String], seed: UInt64, settings: SamplingSettings
    ) throws(ModelError) -> [Picture] {
        Picture.pictures(try model.pictures(prompts: prompts, seed: seed, settings: settings))
    }
}

extension SamplingSettings {
    /// The settings with the guidance of an exploration.
    fileprivate func exploring(_ exploration: Exploration?) -> SamplingSettings {
        guard let exploration else { return self }
        var settings = self
        settings.early = EarlyGuidance(scale: exploration.earlyGuidance, above: exploration.threshold)
        return settings
    }
}
