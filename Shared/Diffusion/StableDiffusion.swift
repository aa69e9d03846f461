import Autograd
import Encoders
import Foundation
import Imaging
import NeuralNet
import TensorCore

/// The parts of a text-to-image checkpoint in the diffusers layout, and the way from a prompt to a picture.
///
/// Not `Sendable`: one actor owns the parts and their parameters.
public final class StableDiffusion {
    public let tokenizer: CLIPTokenizer
    public let textEncoder: CLIPTextEncoder
    public let unet: UNet
    public let vae: VAE
    public let scheduler: DDIMScheduler
    /// The low-rank matrices of the UNet, if it was loaded with a LoRA configuration.
    public let adapter: [(path: String, variable: Variable)]

    public init(
        tokenizer: CLIPTokenizer, textEncoder: CLIPTextEncoder, unet: UNet, vae: VAE, scheduler: DDIMScheduler,
        adapter: [(path: String, variable: Variable)] = []
    ) {
        self.tokenizer = tokenizer
        self.textEncoder = textEncoder
        self.unet = unet
        self.vae = vae
        self.scheduler = scheduler
        self.adapter = adapter
    }

    /// Loads a checkpoint: `tokenizer/ text_encoder/ unet/ vae/ scheduler/`.
    ///
    /// `lora` gives the UNet's targeted layers an update, which takes gradients if `adapterIsTrainable`; all other parameters
    /// are frozen. `precision` is that of UNet and VAE; the text encoder runs once for a prompt and stays f32.
    ///
    /// - Throws: ``ModelError`` and errors of the parts, each naming the file.
    public convenience init(
        folder: URL, lora: LoRAConfiguration? = nil, adapterIsTrainable: Bool = true,
        precision: ComputePrecision = .f32
    ) throws {
        let (unet, store) = try Self.loadUNet(
            folder.appending(path: "unet"), lora: lora, adapterIsTrainable: adapterIsTrainable, precision: precision)
        self.init(
            tokenizer: try CLIPTokenizer(folder: folder.appending(path: "tokenizer").path),
            textEncoder: try Self.loadTextEncoder(folder.appending(path: "text_encoder")), unet: unet,
            vae: try Self.loadVAE(folder.appending(path: "vae"), precision: precision),
            scheduler: try DDIMScheduler(path: folder.appending(path: "scheduler/scheduler_config.json").path),
            adapter: store.adapter)
    }

    /// Loads a UNet with frozen parameters and, if configured, a low-rank update.
    ///
    /// - Throws: ``ModelError`` naming the folder if no layer matches `lora`, and as ``loadVAE(_:precision:)``.
    public static func loadUNet(
        _ folder: URL, lora: LoRAConfiguration? = nil, adapterIsTrainable: Bool = true,
        precision: ComputePrecision = .f32
    ) throws -> (UNet, ParameterStore) {
        let model = ModelFolder(url: folder)
        let configuration = try model.configuration(
            UNetConfiguration.self, unsupported: UNetConfiguration.unsupported)
        let store = ParameterStore(
            .archive(try model.archive("diffusion_pytorch_model"), trainable: false), lora: lora,
            adapterIsTrainable: adapterIsTrainable, precision: precision)
        let unet = try UNet(configuration, store.root)
        if let lora, store.adapter.isEmpty {
            throw ModelError(
                path: folder.path,
                reason: "no layer matches the LoRA targets \(lora.targetModules.joined(separator: ", "))")
        }
        return (unet, store)
    }

    /// Loads an auto-encoder with frozen parameters.
    ///
    /// - Throws: ``ModelError`` naming the file and an option that is not supported; `ParameterError` naming a tensor that does
    ///   not fit; errors of the weights' file.
    public static func loadVAE(_ folder: URL, precision: ComputePrecision = .f32) throws -> VAE {
        let model = ModelFolder(url: folder)
        let configuration = try model.configuration(VAEConfiguration.self, unsupported: VAEConfiguration.unsupported)
        let archive = try model.archive("diffusion_pytorch_model")
        return try VAE(configuration, ParameterStore(.archive(archive, trainable: false), precision: precision).root)
    }

    /// Loads a text encoder with frozen parameters.
    ///
    /// - Throws: as ``loadVAE(_:precision:)``.
    public static func loadTextEncoder(_ folder: URL, precision: ComputePrecision = .f32) throws -> CLIPTextEncoder {
        let model = ModelFolder(url: folder)
        let configuration = try model.configuration(CLIPTextConfiguration.self)
        return try CLIPTextEncoder(
            configuration,
            ParameterStore(
                .archive(try model.archive("model"), trainable: false), precision: precision
            ).root)
    }

    /// Text states of prompts: `[prompt, token, channel]`.
    public func encode(prompts: [String]) -> Tensor {
        let length = textEncoder.configuration.maxPositions
        return textEncoder(prompts.map { tokenizer.encode($0, length: length) }).lastHiddenState.value
    }

    /// Shape of the latents of `samples` pictures of the checkpoint's own size.
    public func latentShape(samples: Int) -> [Int] {
        let side = unet.configuration.sampleSize ?? 64
        return [samples, side, side, unet.configuration.inChannels]
    }

    /// What the UNet attends to for a guided prediction: the empty prompt's states before the prompts', as one batch.
    ///
    /// With `guidance` 1 only the prompts' states.
    ///
    /// - Parameters:
    ///   - context: text states `[sample, token, channel]`.
    ///   - unconditional: text states of the empty prompt, `[1, token, channel]`.
    ///   - guidance: the weight `w` of classifier-free guidance.
    public func textContext(_ context: Tensor, unconditional: Tensor, guidance: Double) -> TextContext {
        guard guidance != 1 else { return TextContext(Variable(context)) }
        let empty = [Tensor](repeating: unconditional, count: context.shape[0])
        return TextContext(Variable(Tensor.concatenating(empty + [context])))
    }

    /// The guided prediction `ε_∅ + w (ε_c - ε_∅)` of classifier-free guidance.
    ///
    /// Both halves run as one batch. With `guidance` 1 only the conditional half runs.
    ///
    /// Ho & Salimans, "Classifier-Free Diffusion Guidance" (2022), with `w = 1` for no guidance.
    ///
    /// - Parameters:
    ///   - latents: scaled latents `[sample, height, width, channel]`.
    ///   - timesteps: one per sample.
    ///   - context: of ``textContext(_:unconditional:guidance:)`` for the same guidance; one for all timesteps of a
    ///     trajectory.
    ///   - guidance: the weight `w`.
    ///   - recompute: keep only the blocks' inputs for the backward pass, as in ``UNet``.
    /// - Returns: the prediction, shaped as `latents`.
    public func predict(
        _ latents: Tensor, timesteps: [Float], context: TextContext, guidance: Double, recompute: Bool = false
    ) -> Variable {
        guard guidance != 1 else {
            return unet(Variable(latents), timesteps: timesteps, context: context, recompute: recompute)
        }
        let both = unet(
            Variable(Tensor.concatenating([latents, latents])), timesteps: timesteps + timesteps, context: context,
            recompute: recompute)
        return both.guided(Float(guidance))
    }

    /// Pixels, about -1…1, of scaled latents, decoded a few at a time.
    public func decode(_ latents: Tensor) -> Tensor {
        let unscaled = latents.scaled(Float(1 / vae.configuration.scalingFactor))
        let samples = unscaled.shape[0]
        return Tensor.concatenating(
            stride(from: 0, to: samples, by: 8).map { first in
                vae.decode(Variable(unscaled[rows: first..<min(first + 8, samples)])).value
            })
    }
}

extension Variable {
    /// The guided `u + w (c - u)` where the samples of `self` are `[u…, c…]`.
    func guided(_ weight: Float) -> Variable {
        let half = shape[0] / 2
        let (unconditional, conditional) = (value[rows: 0..<half], value[rows: half..<2 * half])
        return Variable(unconditional.combined(1 - weight, conditional, weight), inputs: [self]) { gradient in
            [Tensor.concatenating([gradient.scaled(1 - weight), gradient.scaled(weight)])]
        }
    }
}
