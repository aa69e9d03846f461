import ArgumentParser
import Foundation
import RunConfiguration
import ServiceRuntime

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs coordinator, learner, rewards and samplers as processes on this machine.",
        discussion: """
            Progress goes to standard error, the summary to standard output. Ctrl-C stops the run with a checkpoint; \
            --resume goes on with it.
            """)

    @Argument(help: "The run's configuration, a YAML file.")
    var config: String?
    @Option(help: "Another value for a key of the configuration: sampling.steps=10. May be given several times.")
    var set: [String] = []
    @Option(help: "The run's folder; by default one below runs/.")
    var out: String?
    @Option(help: "The folder of a run that was stopped: it goes on from its last checkpoint.")
    var resume: String?
    @Flag(help: "Only check the configuration and say what the run would cost; its model need not be here.")
    var check = false
    @Flag(help: "Print the summary as one JSON object and nothing else on standard output.")
    var json = false

    func validate() throws {
        guard (config == nil) != (resume == nil) else {
            throw ValidationError("Give a configuration, or --resume with a run's folder.")
        }
        guard resume == nil || (set.isEmpty && out == nil) else {
            throw ValidationError("--resume goes on with the run as it was configured: without --set and --out.")
        }
        guard !check || (resume == nil && out == nil) else {
            throw ValidationError("--check runs nothing: without --resume and --out.")
        }
    }

    func run() async throws {
        if check { return try estimate() }
        let configuration: RunConfiguration
        let url: URL
        if let resume {
            url = URL(fileURLWithPath: resume)
            configuration = try ConfigurationFile.read(url.appending(path: "config.yaml").path)
        } else {
            configuration = try ConfigurationFile.read(config ?? "", overrides: set)
            url = URL(fileURLWithPath: out ?? "runs/\(configuration.run)-\(Self.stamp)")
        }
        if let refusal = try RunCheck(configuration).refusal { throw ServiceError(refusal, exitCode: .refused) }
        let inputs = RunInputs(configuration: configuration)
        try inputs.checkReferences()
        try inputs.checkDataset()
        // A run that goes on may have other rewards by now, and asks for those.
        if resume == nil { try inputs.checkRewards() }
        let folder = try RunFolder(url, resuming: resume != nil)
        defer { folder.cleanUp() }
        if resume == nil { try folder.write(configuration) }
        let shutdown = Shutdown()
        let signals = SignalWatch(shutdown)
        defer { withExtendedLifetime(signals) {} }
        let outcome = try await LocalRun(configuration, folder, shutdown).run()
        try report(outcome, folder)
    }

    /// Prints what the run would be and cost.
    private func estimate() throws {
        let configuration = try ConfigurationFile.read(config ?? "", overrides: set)
        var estimate = RunEstimate(configuration)
        estimate.memory =
            estimate.modelIsHere ? try RunCheck(configuration) : RunCheck(published: configuration)
        // Where the model is not here, the subject's pictures need not be either.
        if estimate.modelIsHere { try RunInputs(configuration: configuration).checkReferences() }
        if json {
            try Output.json(estimate)
        } else {
            Output.line(estimate.text(configuration))
            Output.line(configuration.yaml())
        }
        if let refusal = estimate.memory?.refusal { throw ServiceError(refusal, exitCode: .refused) }
    }

    /// Prints the summary and decides on the exit code.
    private func report(_ outcome: LocalRun.Outcome, _ folder: RunFolder) throws {
        if let data = try? Data(contentsOf: folder.summary) {
            if json {
                Output.line(try Summary.compact(data))
            } else {
                Output.line(try Summary.text(data, folder: folder.url))
            }
        }
        switch outcome {
        case .completed: break
        case .stopped:
            Output.error("stopped; `atelier run --resume \(folder.url.path)` goes on\n")
        case .failed(let reason): throw ServiceError(reason)
        }
    }

    private static var stamp: String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        return formatter.string(from: Date())
    }
}
