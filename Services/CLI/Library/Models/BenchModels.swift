import ArgumentParser
import Autograd
import Diffusion
import Foundation
import NeuralNet
import ServiceRuntime
import TensorCore

/// The size of latents and context, for benchmarks of the unet.
struct LatentOptions: ParsableArguments {
    @Option(help: "Height of the latents; the checkpoint's own if not given.")
    var height: Int?
    @Option(help: "Width of the latents; the checkpoint's own if not given.")
    var width: Int?
    @Option(help: "Text tokens.")
    var context = 77

    func validate() throws {
        for (name, value) in [("height", height), ("width", width), ("context", context)] {
            if let value, value < 1 { throw ValidationError("--\(name) \(value): at least 1 is needed") }
        }
    }

    /// - Throws: `ServiceError` for latents that do not halve as often as the model does.
    func size(of configuration: UNetConfiguration) throws -> (height: Int, width: Int) {
        let own = configuration.sampleSize ?? 64
        let size = (height: height ?? own.height, width: width ?? own.width)
        let divisor = 1 << (configuration.blockOutChannels.count - 1)
        guard size.height.isMultiple(of: divisor), size.width.isMultiple(of: divisor) else {
            throw ServiceError(
                "--height \(size.height) --width \(size.width): this model needs multiples of \(divisor)",
                exitCode: .usage)
        }
        return size
    }

    func details(_ size: (height: Int, width: Int)) -> [String: Int] {
        ["height": size.height, "width": size.width, "context": context]
    }
}

/// One forward pass of the unet.
struct BenchUNet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unet", abstract: "One forward pass of the unet.")

    @OptionGroup var source: ModelOptions
    @OptionGroup var options: BenchOptions
    @OptionGroup var latents: LatentOptions

    func run() async throws {
        let precision = try options.dtype.available()
        options.compute.apply()
        let unet = try source.loadUNet(precision)
        let inputs = try UNetInputs(unet.configuration, options, latents)
        let operations = unet.configuration.operations(
            height: inputs.size.height, width: inputs.size.width, context: latents.context)
        let estimate = MemoryEstimate(
            try ModelOutline(unet: source.folder().appending(path: "unet"), variant: source.variant)
        ).forward(inputs.work(options))
        try options.measure(
            "unet", details: latents.details(inputs.size).merging(["estimatedBytes": estimate]) { $1 },
            operations: operations * Double(options.batch)
        ) { _ = inputs.predict(unet) }
    }
}

/// Forward and backward pass of the unet, to the gradients of a LoRA of rank 4 or of every parameter.
struct BenchTrainStep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-step", abstract: "Forward and backward pass of the unet with a LoRA of rank 4.")

    @OptionGroup var source: ModelOptions
    @OptionGroup var options: BenchOptions
    @OptionGroup var latents: LatentOptions
    @Flag(help: "Keep only the blocks' inputs and compute the blocks again in the backward pass.")
    var recompute = false
    @Option(help: "Last names of the layers that the adapter changes, as PEFT's target_modules.")
    var targets = LoRAConfiguration().targetModules
    @Flag(help: "Take the gradients of every parameter instead of an adapter's.")
    var full = false

    func run() async throws {
        let precision = try options.dtype.available()
        options.compute.apply()
        let folder = try source.folder().appending(path: "unet")
        var lora = LoRAConfiguration()
        lora.targetModules = targets
        let part = full ? TrainedPart.network : .lora(lora)
        let (unet, store) = try StableDiffusion.loadUNet(
            folder, trains: part, options: LoadingOptions(precision: precision))
        let inputs = try UNetInputs(unet.configuration, options, latents)
        let target = options.random(inputs.sample.shape, index: 2)
        let estimate = MemoryEstimate(try ModelOutline(unet: folder, variant: source.variant))
            .trainingStep(inputs.work(options, trainsAll: full), recompute: recompute)
        try options.measure(
            "train-step", details: latents.details(inputs.size).merging(["estimatedBytes": estimate]) { $1 }
        ) {
            backward(inputs.predict(unet, recompute: recompute).meanSquare(target))
            for (_, variable) in store.trained(part) { variable.clearGradient() }
        }
    }
}

/// Random inputs of a unet.
private struct UNetInputs {
    let size: (height: Int, width: Int)
    let sample: Tensor
    private let context: Tensor
    private let timesteps: [Float]
    private let added: UNet.AddedConditions?

    init(_ configuration: UNetConfiguration, _ options: BenchOptions, _ latents: LatentOptions) throws {
        size = try latents.size(of: configuration)
        sample = options.random([options.batch, size.height, size.width, configuration.inChannels])
        context = options.random([options.batch, latents.context, configuration.contextWidth ?? 0], index: 1)
        timesteps = (0..<options.batch).map { Float(($0 * 37 + 501) % 1000) }
        if configuration.additionEmbedType != nil, let inputs = configuration.projectionClassEmbeddingsInputDimension,
            let width = configuration.additionTimeEmbedDimension, inputs > 6 * width
        {
            added = UNet.AddedConditions(
                textEmbeddings: Variable(options.random([options.batch, inputs - 6 * width], index: 3)),
                timeIDs: [[Float]](repeating: [1024, 1024, 0, 0, 1024, 1024], count: options.batch))
        } else {
            added = nil
        }
    }

    /// As the estimate of memory takes it.
    func work(_ options: BenchOptions, trainsAll: Bool = false) -> MemoryEstimate.Work {
        MemoryEstimate.Work(
            size: SampleSize(height: size.height, width: size.width), samples: options.batch, isGuided: false,
            precision: options.dtype, trainsAll: trainsAll)
    }

    func predict(_ unet: UNet, recompute: Bool = false) -> Variable {
        unet(
            Variable(sample), timesteps: timesteps, context: TextContext(Variable(context)), added: added,
            recompute: recompute)
    }
}

/// Pixels of latents.
struct BenchVAEDecode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vae-decode", abstract: "The auto-encoder's decoder: latents to pixels.")

    @OptionGroup var source: ModelOptions
    @OptionGroup var options: BenchOptions
    @Option(help: "Height of the latents; the checkpoint's own if not given.")
    var height: Int?
    @Option(help: "Width of the latents; the checkpoint's own if not given.")
    var width: Int?

    func validate() throws {
        for (name, value) in [("height", height), ("width", width)] {
            if let value, value < 1 { throw ValidationError("--\(name) \(value): at least 1 is needed") }
        }
    }

    func run() async throws {
        let precision = try options.dtype.available()
        try source.requireNoAdapter(for: "vae")
        options.compute.apply()
        let vae = try StableDiffusion.loadVAE(
            try source.folder().appending(path: "vae"),
            options: source.loading(nil, precision: precision))
        let side = (vae.configuration.sampleSize ?? 512) / vae.configuration.downsampling
        let size = (height: height ?? side, width: width ?? side)
        var work = MemoryEstimate.Work(
            size: SampleSize(height: size.height, width: size.width), samples: options.batch, precision: precision)
        work.tiling = .off
        let estimate = MemoryEstimate(try ModelOutline(vae: source.folder().appending(path: "vae"))).decode(work)
        let latents = Variable(
            options.random([options.batch, size.height, size.width, vae.configuration.latentChannels]))
        try options.measure(
            "vae-decode", details: ["height": size.height, "width": size.width, "estimatedBytes": estimate]
        ) {
            _ = vae.decode(latents)
        }
    }
}

/// Text states of token sequences.
struct BenchTextEncoder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text-encoder", abstract: "The text encoder: tokens to states.")

    @OptionGroup var source: ModelOptions
    @OptionGroup var options: BenchOptions
    @Option(help: "Text tokens; as many as the checkpoint has positions if not given.")
    var context: Int?

    func run() async throws {
        let precision = try options.dtype.available()
        try source.requireNoAdapter(for: "text encoder")
        options.compute.apply()
        let folder = try source.folder().appending(path: "text_encoder")
        let encoder = try StableDiffusion.loadTextEncoder(
            folder, options: source.loading(nil, precision: precision))
        let positions = encoder.configuration.maxPositions
        let length = context ?? positions
        guard (1...positions).contains(length) else {
            throw ServiceError("--context \(length): this model has 1 to \(positions) positions", exitCode: .usage)
        }
        let vocabulary = encoder.configuration.vocabularySize
        let tokens = (0..<options.batch).map { row in (0..<length).map { (row * 131 + $0 * 17) % vocabulary } }
        try options.measure("text-encoder", details: ["context": length]) { _ = encoder(tokens) }
    }
}

/// The whole way from prompts to pictures.
struct BenchSample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "The whole way from prompts to pictures; a batch of pictures is one run.")

    @OptionGroup var source: ModelOptions
    @OptionGroup var options: BenchOptions
    @Option(help: "What to draw.")
    var prompt = "a green colored rabbit"
    @Option(help: "Denoising steps.")
    var steps = 20
    @Option(help: "Weight of classifier-free guidance; 1 is none.")
    var guidance = 4.0

    func validate() throws {
        guard (1...1000).contains(steps) else { throw ValidationError("--steps \(steps): 1 to 1000 are possible") }
    }

    func run() async throws {
        let precision = try options.dtype.available()
        options.compute.apply()
        let pipeline = try source.loadPipeline(precision)
        let prompts = [String](repeating: prompt, count: options.batch)
        let plan = try pipeline.samplers.plan(.ddim, count: steps, eta: 1)
        try options.measure("sample", details: ["steps": steps]) {
            _ = pipeline.pictures(prompts: prompts, seed: 0, plan: plan, guidance: guidance)
        }
    }
}
