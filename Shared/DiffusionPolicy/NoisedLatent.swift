import Diffusion
import NeuralNet
import TensorCore

/// A clean latent, and the noise that the network is asked to free it of.
struct NoisedLatent {
    /// `[height, width, channel]`, scaled.
    let latent: Tensor
    let timestep: Int
    let noise: Tensor
}

extension NoisedLatent {
    /// With a timestep and noise that are functions of a place in a run.
    ///
    /// - Parameters:
    ///   - latent: the clean one.
    ///   - timesteps: how many there are.
    ///   - seed: of the run.
    ///   - round: of the update.
    ///   - update: the optimiser step within the round.
    ///   - sample: the place within the step.
    init(_ latent: Tensor, timesteps: Int, seed: UInt64, round: Int, update: Int, sample: Int) {
        func noise(_ purpose: Noise.Purpose) -> Noise {
            Noise(seed: seed, unit: UInt64(round), sample: sample, step: update, purpose: purpose)
        }
        var draw = noise(.timestep).makeGenerator()
        self.init(
            latent: latent, timestep: Int.random(in: 0..<timesteps, using: &draw),
            noise: noise(.diffusion).gaussian(shape: latent.shape))
    }
}

extension DiffusionPolicy {
    /// What a denoising loss is made of: the noisy latents, and what is to be predicted of them, `[picture, …]` both.
    func denoising(_ pictures: [NoisedLatent]) -> (noisy: Tensor, target: Tensor) {
        let schedule = model.scheduler.schedule
        let clean = Tensor.stacking(pictures.map(\.latent))
        let epsilon = Tensor.stacking(pictures.map(\.noise))
        func blend(_ pair: (Int) -> NoiseSchedule.Pair) -> Tensor {
            let pairs = pictures.map { pair($0.timestep) }
            return clean.combined(pairs.map { Float($0.sample) }, epsilon, pairs.map { Float($0.other) })
        }
        return (
            blend { schedule.noising(at: $0) },
            blend { schedule.target(at: $0, prediction: model.scheduler.prediction) }
        )
    }
}
