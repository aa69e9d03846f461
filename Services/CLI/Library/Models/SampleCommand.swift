import ArgumentParser
import Diffusion
import Foundation
import Imaging
import NeuralNet
import ServiceRuntime
import TensorCore

extension SamplingMethod: ExpressibleByArgument {}
extension VAETiling: ExpressibleByArgument {}

extension WeightedPhrase: ExpressibleByArgument {
    /// `a red hat=1.4`.
    public init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), let weight = Double(argument[argument.index(after: equals)...]),
            weight.isFinite, equals > argument.startIndex
        else { return nil }
        self.init(String(argument[..<equals]), weight: weight)
    }
}

/// `atelier sample`: draws pictures of a prompt.
struct SampleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Draws pictures of a prompt.",
        discussion: """
            Picture i of a seed is the same for every --count. Several pictures are one PNG, in rows of eight.
            Without --scheduler and --eta the model's own scheduler draws; --eta alone chooses ddim.
            """)

    @OptionGroup var source: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var memory: MemoryOptions
    @Option(help: "What to draw.")
    var prompt: String
    @Option(help: "What not to draw.")
    var negativePrompt: String?
    @Option(
        name: .customLong("weight"),
        help: ArgumentHelp(
            "How much words of the prompt count, 1 being as they are: 'a red hat=1.4'. Can be given several times.",
            valueName: "words=number"))
    var weights: [WeightedPhrase] = []
    @Option(help: "Seed of the noise.")
    var seed: UInt64 = 0
    @Option(help: "Denoising steps.")
    var steps = 20
    @Option(help: "Weight of classifier-free guidance; 1 is none.")
    var guidance = 4.0
    @Option(help: "The sampler: \(SamplingMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scheduler: SamplingMethod?
    @Option(help: "Stochasticity of DDIM, 0 to 1; 1 if not given, and 0 with --latents.")
    var eta: Double?
    @Option(help: "How many pictures; 1, or as many as there are --latents.")
    var count: Int?
    @Option(help: "Height in pixels; the model's own if not given.")
    var height: Int?
    @Option(help: "Width in pixels; the model's own if not given.")
    var width: Int?
    @Option(
        help: ArgumentHelp(
            "A safetensors file with the noise to start from: 'latents' of deviation 1, [picture, channel, height, width].",
            valueName: "file"))
    var latents: String?
    @Option(help: "Arithmetic of products: f32, or bf16 with f32 sums.")
    var dtype = ComputePrecision.f32
    @Option(help: "Whether pictures are decoded in tiles, which takes less memory: auto (above 1024×1024), on or off.")
    var vaeTiling = VAETiling.auto
    @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"))
    var out: String
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        if let count, !(1...65_536).contains(count) {
            throw ValidationError("--count \(count): 1 to 65536 are possible")
        }
        guard steps >= 1 else { throw ValidationError("--steps \(steps): at least one is needed") }
        if let eta {
            guard (0...1).contains(eta) else { throw ValidationError("--eta \(eta): 0 to 1 are possible") }
            if let scheduler, scheduler != .ddim {
                throw ValidationError("--eta \(eta): \(scheduler.rawValue) has no eta, only ddim has")
            }
        }
        guard guidance.isFinite else { throw ValidationError("--guidance \(guidance): a finite number is needed") }
        for (name, side) in [("height", height), ("width", width)] {
            if let side, side < 1 { throw ValidationError("--\(name) \(side): at least 1 is needed") }
            if side != nil, latents != nil { throw ValidationError("--\(name): the size is that of --latents") }
        }
    }

    private struct Report: Encodable {
        var out: String
        var count: Int
        var width: Int
        var height: Int
        var seed: UInt64
        var steps: Int
        var guidance: Double
        var scheduler: String
        var eta: Double?
        var threads: Int
        var secondsPerPicture: Double
        /// What was expected, and what was taken.
        var estimatedBytes: Int
        var peakRSSBytes: Int
    }

    func run() async throws {
        compute.apply()
        let precision = try dtype.available()
        let needed = try requireMemory(precision)
        let pipeline = try source.loadPipeline(precision)
        let given = try latents.map { try read($0, for: pipeline) }
        let size = try given.map { SampleSize(height: $0.shape[1], width: $0.shape[2]) } ?? latentSize(pipeline)
        let method = scheduler ?? (eta == nil ? pipeline.samplers.method : .ddim)
        let eta = self.eta ?? (given == nil ? 1 : 0)
        let plan = try makePlan(pipeline, method, eta: eta)
        let started = ContinuousClock.now
        let text = try pipeline.prompts.weighted(prompt, [weights])
        let pictures = draw(pipeline, plan, text, size, given)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let sheet = Picture.grid(pictures, columns: min(pictures.count, 8), padding: pictures.count == 1 ? 0 : 1)
        let parameters = GenerationParameters(
            prompt: prompt, negativePrompt: negativePrompt, weights: weights, steps: steps, method: method,
            guidance: guidance,
            seed: given == nil ? seed : nil, width: pictures[0].width, height: pictures[0].height,
            model: try source.folder().lastPathComponent,
            adapter: try source.adapter.map(GenerationParameters.Adapter.init),
            adapterScale: source.adapterScale, eta: method == .ddim ? eta : nil)
        try sheet.writePNG(toFile: out, texts: ["parameters": parameters.text])
        if json {
            try Output.json(
                Report(
                    out: out, count: pictures.count, width: pictures[0].width, height: pictures[0].height, seed: seed,
                    steps: steps, guidance: guidance, scheduler: method.rawValue, eta: method == .ddim ? eta : nil,
                    threads: compute.threads, secondsPerPicture: seconds / Double(pictures.count),
                    estimatedBytes: needed,
                    peakRSSBytes: ProcessMemory.peakResidentBytes))
        }
    }

    /// Refuses pictures that the memory does not hold.
    ///
    /// - Returns: the estimate in bytes.
    private func requireMemory(_ precision: ComputePrecision) throws -> Int {
        let outline = try ModelOutline(folder: source.folder(), variant: source.variant)
        let factor = outline.vae.downsampling
        var size = outline.size
        if let latents {
            let shape = try TensorInputs(path: latents).tensor("latents", shape: [nil, nil, nil, nil]).shape
            size = SampleSize(height: shape[2], width: shape[3])
        }
        if let height { size.height = max(1, height / factor) }
        if let width { size.width = max(1, width / factor) }
        var work = MemoryEstimate.Work(
            size: size, samples: min(count ?? 1, StableDiffusion.drawnAtOnce(size)), isGuided: guidance != 1,
            precision: precision)
        work.tiling = vaeTiling
        let needed = MemoryEstimate(outline).sampling(work)
        try memory.check.require(
            needed, for: "drawing in \(size.width * factor)×\(size.height * factor)",
            advice: "use --dtype bf16, --vae-tiling on or a smaller size")
        if !json { Output.error("needs about \(MachineMemory.gigabytes(needed)) of memory\n") }
        return needed
    }

    private func makePlan(_ pipeline: StableDiffusion, _ method: SamplingMethod, eta: Double) throws -> SolverPlan {
        do { return try pipeline.samplers.plan(method, count: steps, eta: eta) } catch {
            throw ServiceError("--steps \(steps): \(error)", exitCode: .usage)
        }
    }

    /// The noise of a file, and as many of its pictures as are asked for.
    private func read(_ path: String, for pipeline: StableDiffusion) throws -> Tensor {
        let file = try TensorInputs(path: path)
        let noise = try file.tensor("latents", shape: [nil, pipeline.unet.configuration.inChannels, nil, nil]).toNHWC()
        if let count, count != noise.shape[0] {
            throw ServiceError("--count \(count): \(path) has latents of \(noise.shape[0])", exitCode: .usage)
        }
        return noise
    }

    /// The size in latent pixels.
    private func latentSize(_ pipeline: StableDiffusion) throws -> SampleSize {
        let factor = pipeline.vae.configuration.downsampling
        let own = pipeline.unet.configuration.sampleSize ?? 64
        for (name, side) in [("height", height), ("width", width)] {
            if let side, !side.isMultiple(of: factor) {
                throw ServiceError("--\(name) \(side): this model needs multiples of \(factor)", exitCode: .usage)
            }
        }
        return SampleSize(
            height: height.map { $0 / factor } ?? own.height, width: width.map { $0 / factor } ?? own.width)
    }

    /// A few at a time, so that memory does not grow with the count.
    private func draw(
        _ pipeline: StableDiffusion, _ plan: SolverPlan, _ text: TextStates, _ size: SampleSize, _ given: Tensor?
    ) -> [Picture] {
        let unconditional = pipeline.unconditional(negativePrompt)
        let total = given?.shape[0] ?? count ?? 1
        let atOnce = StableDiffusion.drawnAtOnce(size)
        let shape = Array(pipeline.latentShape(samples: 1, size: size).dropFirst())
        return stride(from: 0, to: total, by: atOnce).flatMap { first in
            let rows = first..<min(first + atOnce, total)
            let noise =
                given.map { $0[rows: rows] }
                ?? Noise.gaussian(
                    rows: rows.map { Noise(seed: seed, sample: $0, purpose: .initialLatent) }, shape: shape)
            let latents = pipeline.sample(
                from: noise, plan: plan, text: text.repeated(rows.count), unconditional: unconditional,
                guidance: guidance,
                drawn: { Noise(seed: seed, sample: first + $0, step: $1, purpose: .transition) })
            return Picture.pictures(pipeline.decode(latents, tiling: vaeTiling))
        }
    }
}
