import ArgumentParser
import Diffusion
import Foundation
import Imaging
import ServiceRuntime
import TensorCore

/// `atelier sample`: draws pictures of a prompt.
struct SampleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Draws pictures of a prompt.",
        discussion: "Picture i of a seed is the same for every --count. Several pictures are one PNG, in rows of eight."
    )

    @OptionGroup var source: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @Option(help: "What to draw.")
    var prompt: String
    @Option(help: "Seed of the noise.")
    var seed: UInt64 = 0
    @Option(help: "Denoising steps.")
    var steps = 20
    @Option(help: "Weight of classifier-free guidance; 1 is none.")
    var guidance = 4.0
    @Option(help: "Stochasticity of DDIM, 0 to 1.")
    var eta = 1.0
    @Option(help: "How many pictures.")
    var count = 1
    @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"))
    var out: String
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard (1...65_536).contains(count) else { throw ValidationError("--count \(count): 1 to 65536 are possible") }
        guard steps >= 1 else { throw ValidationError("--steps \(steps): at least one is needed") }
        guard (0...1).contains(eta) else { throw ValidationError("--eta \(eta): 0 to 1 are possible") }
        guard guidance.isFinite else { throw ValidationError("--guidance \(guidance): a finite number is needed") }
    }

    private struct Report: Encodable {
        var out: String
        var count: Int
        var seed: UInt64
        var steps: Int
        var guidance: Double
        var eta: Double
        var threads: Int
        var secondsPerPicture: Double
    }

    func run() async throws {
        compute.apply()
        let pipeline = try source.loadPipeline()
        guard steps <= pipeline.scheduler.schedule.count else {
            throw ServiceError(
                "--steps \(steps): the model's scheduler has \(pipeline.scheduler.schedule.count)", exitCode: .usage)
        }
        let started = ContinuousClock.now
        let pictures = draw(pipeline)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        try Picture.grid(pictures, columns: min(count, 8), padding: count == 1 ? 0 : 1).writePNG(toFile: out)
        if json {
            try Output.json(
                Report(
                    out: out, count: count, seed: seed, steps: steps, guidance: guidance, eta: eta,
                    threads: compute.threads, secondsPerPicture: seconds / Double(count)))
        }
    }

    /// A few at a time, so that memory does not grow with the count.
    private func draw(_ pipeline: StableDiffusion) -> [Picture] {
        let settings = SamplingSettings(steps: steps, guidance: guidance, eta: eta)
        let context = pipeline.encode(prompts: [prompt])
        let unconditional = pipeline.encode(prompts: [""])
        return stride(from: 0, to: count, by: 16).flatMap { first in
            let latents = pipeline.sample(
                context: Tensor.concatenating([Tensor](repeating: context, count: min(16, count - first))),
                unconditional: unconditional, settings: settings,
                noise: { Noise(seed: seed, sample: first + $0, step: $1, purpose: .transition) },
                initial: { Noise(seed: seed, sample: first + $0, purpose: .initialLatent) })
            return Picture.pictures(pipeline.decode(latents))
        }
    }
}
