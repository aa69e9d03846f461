import ArgumentParser
import Imaging
import Menagerie
import RewardService
import Rewards

/// A reward on a batch of pictures, without the process around it.
struct BenchScore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "A reward on a batch of pictures, without the process around it.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Which reward, for example checker or jpeg-compressibility?quality=95.")
    var reward = "checker"

    func run() async throws {
        let model = try ScoreCommand.model(reward)
        options.compute.apply()
        let examples = (0..<options.batch).map { Menagerie.example(seed: 0, index: $0) }
        let (pictures, prompts) = (examples.map(\.picture), examples.map(\.caption))
        _ = try model.score(pictures, prompts: prompts)
        try options.measure("score", details: ["pictures": options.batch]) {
            // What it refuses it refused above.
            _ = try? model.score(pictures, prompts: prompts)
        }
    }
}

/// A reward service under many callers.
struct BenchServing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serving", abstract: "A reward service under many callers, over a socket.")

    @Option(help: "Which reward.")
    var reward = "checker"
    @Option(help: "Callers that ask again as soon as they have their answer.")
    var callers = 32
    @Option(help: "Pictures of a call.")
    var pictures = 1
    @Option(help: "Seconds to measure.")
    var seconds = 5.0
    @Option(help: "The most pictures that the model gets at once.")
    var batch = 16
    @Option(help: "Milliseconds that a picture waits for others while the model is idle.")
    var batchWait = 5
    @OptionGroup var compute: ComputeOptions
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        for (name, value) in [("callers", callers), ("pictures", pictures), ("batch", batch)] where value < 1 {
            throw ValidationError("--\(name) \(value): at least 1 is needed")
        }
        guard batchWait >= 0, seconds > 0 else { throw ValidationError("--batch-wait and --seconds: times are needed") }
    }

    func run() async throws {
        let model = try ScoreCommand.model(reward)
        var benchmark = ServingBenchmark(threads: compute.threads)
        (benchmark.callers, benchmark.picturesPerCall) = (callers, pictures)
        (benchmark.seconds, benchmark.batch, benchmark.batchWait) = (seconds, batch, .milliseconds(batchWait))
        let examples = (0..<64).map { Menagerie.example(seed: 0, index: $0) }
        let figures = try await benchmark.measure(model, examples.map(\.picture), prompts: examples.map(\.caption))
        guard !json else { return try Output.json(figures) }
        Output.line(
            String(
                format: "%d callers of %@: %.0f pictures/s in batches %.0f %% full, %.1f ms (99th percentile %.1f)",
                callers,
                model.identity.id, figures.picturesPerSecond, 100 * figures.batchFill, figures.medianMilliseconds,
                figures.percentile99Milliseconds))
    }
}
