import Autograd
import Encoders
import Foundation
import NeuralNet
import TensorCore

/// The parts of a text-to-image checkpoint in the diffusers layout, and the way from a prompt to a picture.
///
/// Not `Sendable`: one actor owns the parts and their parameters.
public final class StableDiffusion {
    public let prompts: PromptEncoder
    public let unet: UNet
    public let vae: VAE
    /// The scheduler of training and of rollouts.
    public let scheduler: DDIMScheduler
    /// All samplers of the checkpoint.
    public let samplers: SamplingScheduler
    /// What of the UNet is trained: the matrices of low-rank updates, or all its parameters.
    public let trained: [(path: String, variable: Variable)]

    public init(
        prompts: PromptEncoder, unet: UNet, vae: VAE, samplers: SamplingScheduler,
        trained: [(path: String, variable: Variable)] = []
    ) {
        self.prompts = prompts
        self.unet = unet
        self.vae = vae
        scheduler = samplers.ddim
        self.samplers = samplers
        self.trained = trained
    }

    /// Text states of prompts.
    public func encode(prompts texts: [String]) -> TextStates { prompts(texts) }

    /// Text states that guidance leads away from: of a negative prompt, or of none.
    public func unconditional(_ negativePrompt: String? = nil) -> TextStates { prompts.unconditional(negativePrompt) }

    /// The shape of the latents of `samples` pictures, of the checkpoint's own size where none is given, in latent pixels.
    public func latentShape(samples: Int, size: SampleSize? = nil) -> [Int] {
        let size = size ?? unet.configuration.sampleSize ?? 64
        return [samples, size.height, size.width, unet.configuration.inChannels]
    }

    /// What guided predictions are told of the text, for all timesteps of a trajectory.
    ///
    /// - Parameters:
    ///   - text: the text states of each sample.
    ///   - unconditional: one text state for all samples, of the empty prompt or a negative one.
    ///   - guidance: the weight `w` of classifier-free guidance; with 1 only the prompts are asked for.
    /// - Returns: the states as one batch, and what the UNet makes of them once.
    public func guidedText(_ text: TextStates, unconditional: TextStates, guidance: Double) -> GuidedText {
        guidedText(text, unconditional: unconditional, guidance: [Double](repeating: guidance, count: text.count))
    }

    /// As ``guidedText(_:unconditional:guidance:)-(_,_,Double)``, with a weight for each sample.
    public func guidedText(_ text: TextStates, unconditional: TextStates, guidance: [Double]) -> GuidedText {
        precondition(guidance.count == text.count, "\(guidance.count) weights for \(text.count) samples")
        let isGuided = guidance.contains { $0 != 1 }
        let states = isGuided ? .concatenating([unconditional.repeated(text.count), text]) : text
        return GuidedText(
            context: TextContext(Variable(states.context)), pooled: states.pooled.map { Variable($0) },
            weights: isGuided ? guidance.map { Float($0) } : nil)
    }

    /// The guided prediction `ε_∅ + w (ε_c - ε_∅)` of classifier-free guidance.
    ///
    /// Both halves run as one batch. Without guidance (`w = 1`) only the conditional half runs.
    ///
    /// Ho & Salimans, "Classifier-Free Diffusion Guidance" (2022), with `w = 1` for no guidance.
    ///
    /// - Parameters:
    ///   - latents: scaled latents `[sample, height, width, channel]`.
    ///   - timesteps: one per sample.
    ///   - text: of ``guidedText(_:unconditional:guidance:)``; one for all timesteps of a trajectory.
    ///   - recompute: keep only the blocks' inputs for the backward pass, as in ``UNet``.
    /// - Returns: the prediction, shaped as `latents`.
    public func predict(
        _ latents: Tensor, timesteps: [Float], text: GuidedText, recompute: Bool = false
    ) -> Variable {
        predict(Variable(latents), timesteps: timesteps, text: text, recompute: recompute)
    }

    /// As ``predict(_:timesteps:text:recompute:)-(Tensor,_,_,_)``, for latents that a gradient may come back to.
    public func predict(
        _ latents: Variable, timesteps: [Float], text: GuidedText, recompute: Bool = false
    ) -> Variable {
        guard let weights = text.weights else {
            return unet(
                latents, timesteps: timesteps, context: text.context, added: added(text, latents),
                recompute: recompute)
        }
        let twice = Variable.concatenating([latents, latents])
        let both = unet(
            twice, timesteps: timesteps + timesteps, context: text.context, added: added(text, twice),
            recompute: recompute)
        return both.guided(weights)
    }

    /// SDXL's micro-conditions for pictures that are neither resized nor cropped.
    private func added(_ text: GuidedText, _ latents: Variable) -> UNet.AddedConditions? {
        guard unet.configuration.additionEmbedType != nil, let pooled = text.pooled else { return nil }
        let height = Float(latents.shape[1] * vae.configuration.downsampling)
        let width = Float(latents.shape[2] * vae.configuration.downsampling)
        let sizes = [height, width, 0, 0, height, width]
        return UNet.AddedConditions(
            textEmbeddings: pooled, timeIDs: [[Float]](repeating: sizes, count: latents.shape[0]))
    }

    /// Pixels, about -1…1, of scaled latents, decoded a few at a time.
    ///
    /// - Parameters:
    ///   - latents: `[sample, height, width, channel]`.
    ///   - tiling: whether each picture is decoded in tiles.
    /// - Returns: `[sample, row, column, 3]`.
    public func decode(_ latents: Tensor, tiling: VAETiling = .auto) -> Tensor {
        let unscaled = latents.scaled(Float(1 / vae.configuration.scalingFactor))
        let size = SampleSize(height: unscaled.shape[1], width: unscaled.shape[2])
        if Self.isTiled(size, tiling) { return vae.decode(unscaled, tile: vae.configuration.tileSide) }
        let samples = unscaled.shape[0]
        let atOnce = Self.decodedAtOnce(size, of: samples)
        return Tensor.concatenating(
            stride(from: 0, to: samples, by: atOnce).map { first in
                vae.decode(Variable(unscaled[rows: first..<min(first + atOnce, samples)])).value
            })
    }

    /// The largest picture that is not decoded in tiles unless that is asked for: Stable Diffusion XL's own.
    ///
    /// A fixed number, so that a picture does not depend on the machine's memory.
    private static let latentsInOnePiece = 128 * 128

    /// Whether a picture of a size is decoded in tiles.
    static func isTiled(_ size: SampleSize, _ tiling: VAETiling) -> Bool {
        tiling == .on || tiling == .auto && size.pixels > latentsInOnePiece
    }

    /// How many pictures are decoded at once: two of 512×512.
    static func decodedAtOnce(_ size: SampleSize, of samples: Int) -> Int {
        max(1, min(8, samples, 8192 / max(size.pixels, 1)))
    }

    /// How many of many pictures are drawn at once, so that memory does not grow with their number.
    public static func drawnAtOnce(_ size: SampleSize) -> Int { max(1, min(16, 4096 / max(size.pixels, 1))) }
}

/// What guided predictions are told of the text; see ``StableDiffusion/guidedText(_:unconditional:guidance:)``.
public struct GuidedText {
    let context: TextContext
    let pooled: Variable?
    /// The weight of each sample; none where no sample is guided.
    let weights: [Float]?
}

extension Variable {
    /// The guided `u + w (c - u)` where the samples of `self` are `[u…, c…]`, with a weight for each.
    func guided(_ weights: [Float]) -> Variable {
        let (half, rest) = (shape[0] / 2, weights.map { 1 - $0 })
        let (unconditional, conditional) = (value[rows: 0..<half], value[rows: half..<2 * half])
        return Variable(unconditional.combined(rest, conditional, weights), inputs: [self]) { gradient in
            let none = [Float](repeating: 0, count: half)
            return [
                Tensor.concatenating([
                    gradient.combined(rest, gradient, none), gradient.combined(weights, gradient, none),
                ])
            ]
        }
    }
}
