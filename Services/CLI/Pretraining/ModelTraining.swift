import Autograd
import Diffusion
import Encoders
import Foundation
import Imaging
import Menagerie
import NeuralNet
import TensorCore

/// Trains text encoder and UNet of Menagerie from scratch, over the latents of a trained auto-encoder.
public struct ModelTraining: Sendable {
    /// The recipe; it is written beside the weights.
    public struct Configuration: Codable, Hashable, Sendable {
        public var unet = UNetConfiguration.menagerie
        public var textEncoder = CLIPTextConfiguration.menagerie
        public var distribution = Distribution()
        public var steps = 13500
        public var batch = 32
        public var learningRate = 1e-3
        public var warmup = 500
        public var weightDecay = 0.01
        public var averageDecay = 0.9995
        /// Share of captions replaced by the empty one, so that guidance works.
        public var emptyShare = 0.1
        /// The γ of the loss weights `min(SNR, γ) / SNR`.
        ///
        /// Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy" (2023).
        public var signalToNoiseLimit = 5.0
        /// Number of different scenes; each is encoded once.
        public var scenes = 48000
        /// Of the products, forward and backward.
        public var precision = ComputePrecision.bf16
        public var seed: UInt64 = 1
        public var saveEvery = 500
        public var samplePrompts = [
            "a green colored rabbit", "a dog on the moon", "four wolves", "a cat and a dog", "a red fox", "a lion",
            "two blue ducks", "a zebra", "a yellow turtle on the snow", "a purple star", "three pigs",
            "a butterfly",
        ]
        public var sampling = SamplingSettings()

        public init() {}
    }

    public let configuration: Configuration
    /// The checkpoint's folder; `vae/` must be there.
    public let folder: URL

    public init(_ configuration: Configuration, folder: URL) {
        self.configuration = configuration
        self.folder = folder
    }

    /// Trains to the last step, or goes on from the state in `folder`; writes the checkpoint there.
    public func run() throws {
        let stateFolder = folder.appending(path: "training")
        try FileManager.default.createDirectory(at: stateFolder, withIntermediateDirectories: true)
        let vae = try StableDiffusion.loadVAE(folder.appending(path: "vae"))
        let (tokenizer, scheduler, textConfiguration) = try writeFixedParts()

        let textStore = ParameterStore(.random(seed: configuration.seed), precision: configuration.precision)
        let textEncoder = try CLIPTextEncoder(textConfiguration, textStore.root)
        let unetStore = ParameterStore(.random(seed: configuration.seed + 1), precision: configuration.precision)
        let unet = try UNet(configuration.unet, unetStore.root)
        let model = StableDiffusion(
            prompts: PromptEncoder(PromptEncoder.Tower(tokenizer: tokenizer, encoder: textEncoder)), unet: unet,
            vae: vae,
            samplers: SamplingScheduler(scheduler))
        let parameters =
            textStore.parameters.map { ("text_encoder.\($0.path)", $0.variable) }
            + unetStore.parameters.map { ("unet.\($0.path)", $0.variable) }

        var cache = LatentCache(
            vae: vae, tokenizer: tokenizer, length: textConfiguration.maxPositions, seed: configuration.seed,
            distribution: configuration.distribution, count: configuration.scenes)
        let course = PretrainingLoop.Course(
            steps: configuration.steps, learningRate: configuration.learningRate, warmup: configuration.warmup,
            weightDecay: configuration.weightDecay, averageDecay: configuration.averageDecay,
            saveEvery: configuration.saveEvery)
        try PretrainingLoop(parameters, course, folder: stateFolder).run { step in
            PretrainingLoop.Reading(loss: train(model, &cache, step: step))
        } save: { steps in
            try save(textStore, unetStore, textConfiguration)
            try drawSamples(model, step: steps)
        }
    }

    /// One forward and backward pass; gradients are left on the parameters.
    private func train(_ model: StableDiffusion, _ cache: inout LatentCache, step: Int) -> Double {
        let schedule = model.scheduler.schedule
        var draw = Noise(seed: configuration.seed, unit: UInt64(step), purpose: .order).makeGenerator()
        let indices = (0..<configuration.batch).map { _ in Int.random(in: 0..<configuration.scenes, using: &draw) }
        let timesteps = indices.map { _ in Int.random(in: 0..<schedule.count, using: &draw) }
        var (latents, tokens) = cache.batch(indices)
        let empty = model.prompts.first.tokenizer.encode("", length: tokens[0].count)
        for row in tokens.indices where Double.random(in: 0..<1, using: &draw) < configuration.emptyShare {
            tokens[row] = empty
        }
        let noise = Noise(seed: configuration.seed, unit: UInt64(step), purpose: .diffusion)
            .gaussian(shape: latents.shape)
        let pairs = timesteps.map { schedule.noising(at: $0) }
        let noisy = latents.combined(pairs.map { Float($0.sample) }, noise, pairs.map { Float($0.other) })
        let output = model.unet(
            Variable(noisy), timesteps: timesteps.map(Float.init),
            context: TextContext(model.prompts.first.encoder(tokens).lastHiddenState))
        let weights = timesteps.map { timestep in
            let ratio = schedule.signalToNoise(at: timestep)
            return Float(min(ratio, configuration.signalToNoiseLimit) / ratio / Double(configuration.batch))
        }
        let loss = output.weightedMeanSquare(noise, weights: weights)
        backward(loss)
        return Double(loss.value.scalars[0])
    }

    private func save(
        _ textStore: ParameterStore, _ unetStore: ParameterStore, _ textConfiguration: CLIPTextConfiguration
    ) throws {
        try ModelWriter(folder: folder.appending(path: "text_encoder")).write(
            textConfiguration, className: "CLIPTextModel",
            weights: textStore.parameters.map { ($0.path, $0.variable.value) }, name: "model")
        try ModelWriter(folder: folder.appending(path: "unet")).write(
            configuration.unet, className: "UNet2DConditionModel",
            weights: unetStore.parameters.map { ($0.path, $0.variable.value) }, name: "diffusion_pytorch_model")
    }

    private func drawSamples(_ model: StableDiffusion, step: Int) throws {
        let prompts = configuration.samplePrompts.flatMap { [$0, $0, $0, $0] }
        let pixels = try model.pictures(prompts: prompts, seed: 7, settings: configuration.sampling)
        let file = folder.appending(path: "training/samples-\(String(format: "%06d", step)).png")
        try Picture.grid(Picture.pictures(pixels), columns: 8, padding: 1, scale: 2).writePNG(toFile: file.path)
    }
}
