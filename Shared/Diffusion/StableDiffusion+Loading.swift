import Autograd
import Encoders
import Foundation
import NeuralNet
import TensorCore

/// How a checkpoint is read.
public struct LoadingOptions {
    /// Which variant of the weights, for instance `fp16`; `nil` is that without a name, or the only one.
    public var variant: String?
    /// The arithmetic of products; the text encoders of a whole pipeline run once for a prompt and stay f32.
    public var precision = ComputePrecision.f32
    /// Changes to weights, made as they are read: by component (`unet`, `text_encoder`, `text_encoder_2`).
    public var adapters: [AdapterComponent: AdapterDeltas] = [:]

    public init(precision: ComputePrecision = .f32) { self.precision = precision }

    func folder(_ url: URL) -> ModelFolder { ModelFolder(url: url, variant: variant) }
}

extension StableDiffusion {
    /// Loads a checkpoint of Stable Diffusion 1, 2 or XL: `model_index.json` and the folders of its parts.
    ///
    /// `part` is what of the UNet is trained, and takes gradients if `isTrainable`; all other parameters are frozen.
    ///
    /// - Throws: ``ModelError`` and errors of the parts, each naming the file.
    public convenience init(
        folder: URL, trains part: TrainedPart? = nil, isTrainable: Bool = true, options: LoadingOptions = .init()
    ) throws {
        let index = try PipelineIndex(folder: folder)
        let (unet, store) = try Self.loadUNet(
            folder.appending(path: "unet"), trains: part, isTrainable: isTrainable, options: options)
        let samplers = try SamplingScheduler(
            path: folder.appending(path: "scheduler/scheduler_config.json").path, pipeline: index.className)
        let prompts = try Self.loadPrompts(folder, index, options: options)
        let vae = try Self.loadVAE(folder.appending(path: "vae"), options: options)
        self.init(prompts: prompts, unet: unet, vae: vae, samplers: samplers, trained: store.trained(part))
        try checkThatThePartsFit(folder)
    }

    /// Loads a UNet, of which a part may be trained: a low-rank update beside frozen parameters, or all of them.
    ///
    /// - Throws: ``ModelError`` naming the folder and a target of the update that no layer matches, and as ``loadVAE(_:options:)``.
    public static func loadUNet(
        _ folder: URL, trains part: TrainedPart? = nil, isTrainable: Bool = true, options: LoadingOptions = .init()
    ) throws -> (UNet, ParameterStore) {
        let model = options.folder(folder)
        let configuration = try model.configuration(UNetConfiguration.self, options: UNetConfiguration.options)
        let deltas = options.adapters[.unet]
        let store = ParameterStore(
            .archive(try model.archive(UNetWeights.file), trainable: part == .network && isTrainable),
            lora: part?.lora, adapterIsTrainable: isTrainable, precision: options.precision, deltas: deltas)
        let unet = try UNet(configuration, store.root)
        try store.requireAllTaken()
        if let name = part?.lora?.unmatchedTarget(among: store.adapter.map(\.path)) {
            throw ModelError(
                path: folder.path,
                reason:
                    "no layer matches the LoRA target '\(name)'; layers are for instance to_q, to_out.0, ff.net.2, conv1"
            )
        }
        return (unet, store)
    }

    /// Loads an auto-encoder with frozen parameters.
    ///
    /// - Throws: ``ModelError`` naming the file and an option that is not supported; `ParameterError` naming a tensor that does
    ///   not fit; errors of the weights' file.
    public static func loadVAE(_ folder: URL, options: LoadingOptions = .init()) throws -> VAE {
        let model = options.folder(folder)
        let configuration = try model.configuration(VAEConfiguration.self, options: VAEConfiguration.options)
        let store = ParameterStore(
            .archive(try model.archive("diffusion_pytorch_model"), trainable: false), precision: options.precision)
        let vae = try VAE(configuration, store.root)
        try store.requireAllTaken()
        return vae
    }

    /// Loads a text encoder, with its projection where the checkpoint has one, with frozen parameters.
    ///
    /// - Throws: as ``loadVAE(_:options:)``.
    public static func loadTextEncoder(
        _ folder: URL, component: AdapterComponent = .textEncoder, options: LoadingOptions = .init()
    ) throws -> CLIPTextEncoder {
        let model = options.folder(folder)
        var configuration = try model.configuration(CLIPTextConfiguration.self)
        let archive = try model.archive("model")
        configuration.hasProjection = archive.shape(of: "text_projection.weight") != nil
        let store = ParameterStore(
            .archive(archive, trainable: false), precision: options.precision, deltas: options.adapters[component])
        let encoder = try CLIPTextEncoder(configuration, store.root)
        try store.requireAllTaken(except: ["embeddings.position_ids", "text_model.embeddings.position_ids"])
        return encoder
    }

    /// Loads a picture encoder with frozen parameters.
    ///
    /// - Throws: as ``loadVAE(_:options:)``.
    public static func loadImageEncoder(_ folder: URL, options: LoadingOptions = .init()) throws -> CLIPVisionEncoder {
        let model = options.folder(folder)
        let configuration = try model.configuration(CLIPVisionConfiguration.self)
        let store = ParameterStore(
            .archive(try model.archive("model"), trainable: false), precision: options.precision)
        let encoder = try CLIPVisionEncoder(configuration, store.root)
        try store.requireAllTaken(except: ["vision_model.embeddings.position_ids"])
        return encoder
    }

    private static func loadPrompts(_ folder: URL, _ index: PipelineIndex, options: LoadingOptions) throws
        -> PromptEncoder
    {
        var options = options
        options.precision = .f32
        func tower(_ suffix: String, _ component: AdapterComponent) throws -> PromptEncoder.Tower {
            PromptEncoder.Tower(
                tokenizer: try CLIPTokenizer(folder: folder.appending(path: "tokenizer\(suffix)").path),
                encoder: try loadTextEncoder(
                    folder.appending(path: "text_encoder\(suffix)"), component: component, options: options))
        }
        return PromptEncoder(
            try tower("", .textEncoder), second: index.isXL ? try tower("_2", .textEncoder2) : nil,
            hasZerosForNoPrompt: index.isXL && index.hasZerosForNoPrompt)
    }

    /// The widths that one part takes must be those that another gives.
    private func checkThatThePartsFit(_ folder: URL) throws {
        let width =
            prompts.first.encoder.configuration.hiddenSize + (prompts.second?.encoder.configuration.hiddenSize ?? 0)
        let configuration = unet.configuration
        guard configuration.contextWidth == width else {
            throw ModelError(
                path: folder.path,
                reason:
                    "the unet attends to text of width \(configuration.contextWidth ?? 0) (cross_attention_dim), the text "
                    + "encoder gives \(width) (hidden_size)")
        }
        if let pooled = configuration.pooledTextWidth, configuration.additionEmbedType != nil {
            let second = prompts.second?.encoder.configuration
            let given = second.map { $0.hasProjection ? $0.projectionSize : $0.hiddenSize }
            guard given == pooled else {
                throw ModelError(
                    path: folder.path,
                    reason:
                        "the unet takes a pooled text of \(pooled) channels (projection_class_embeddings_input_dim), "
                        + "text_encoder_2 gives \(given ?? 0)")
            }
        }
        guard configuration.inChannels == vae.configuration.latentChannels else {
            throw ModelError(
                path: folder.path,
                reason: "the unet takes latents of \(configuration.inChannels) channels, the vae has "
                    + "\(vae.configuration.latentChannels); inpainting checkpoints are not supported")
        }
    }
}
