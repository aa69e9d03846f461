import ArgumentParser
import Foundation
import Ledger
import ServiceRuntime

struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Runs one claim of a paper: every arm with every seed, then a table and a plot.",
        discussion: """
            The plan names arms (a configuration and overrides) and seeds; those of deploy/studies are meant. A run that is \
            complete in the folder, or in that of another study beside it, is not repeated, so a study that was stopped goes \
            on. Written are table.md, table.json and plot.png.
            """)

    @Argument(help: "The plan, a YAML file.")
    var plan: String
    @Option(help: "The study's folder, one below it for each run; by default studies/NAME.")
    var out: String?
    @Option(help: "How many of the plan's seeds to run; by default all.")
    var seeds: Int?
    @Flag(help: "Print the table as one JSON object and nothing else on standard output.")
    var json = false

    func validate() throws {
        guard seeds ?? 1 > 0 else { throw ValidationError("--seeds: at least one is needed.") }
    }

    func run() async throws {
        let study = try StudyPlan.read(plan)
        let name = URL(fileURLWithPath: plan).deletingPathExtension().lastPathComponent
        let folder = try StudyFolder(URL(fileURLWithPath: out ?? "studies/\(name)"), plan: plan)
        let shutdown = Shutdown()
        let signals = SignalWatch(shutdown)
        defer { withExtendedLifetime(signals) {} }
        var reports: [(arm: String, runs: [[RoundReport]])] = []
        for arm in study.arms {
            var runs: [[RoundReport]] = []
            for seed in study.seeds.prefix(seeds ?? study.seeds.count) {
                let place = try await run(arm, seed: seed, of: study, in: folder, shutdown)
                runs.append(try StudyFolder.reports(of: place))
            }
            reports.append((arm.name, runs))
        }
        let table = StudyTable(claim: study.claim, reports: reports)
        try folder.write(table)
        if json { try Output.json(table) } else { Output.line(table.text) }
    }

    /// One run as a process of its own, as a user would start it, unless it has been run before.
    ///
    /// - Returns: its folder.
    private func run(
        _ arm: StudyPlan.Arm, seed: UInt64, of study: StudyPlan, in folder: StudyFolder, _ shutdown: Shutdown
    ) async throws -> URL {
        let place = folder.place(of: arm, seed: seed)
        let configuration = try study.configuration(of: arm, seed: seed, beside: plan)
        if let kept = folder.completed(configuration, meantFor: place) {
            Output.error("\(arm.name), seed \(seed): complete in \(kept.path)\n")
            return kept
        }
        // What is left of a run that was stopped, or of one that was configured otherwise.
        try? FileManager.default.removeItem(at: place)
        Output.error("\(arm.name), seed \(seed)\n")
        let overrides = study.overrides(of: arm, seed: seed)
        let child = try ChildProcess(
            name: "atelier", program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
            arguments: ["run", arm.path(beside: plan), "--out", place.path] + overrides.flatMap { ["--set", $0] },
            output: "/dev/null", log: place.path + ".log")
        let watch = Task {
            await shutdown.wait()
            child.terminate()
        }
        defer { watch.cancel() }
        let ending = await child.wait()
        guard !shutdown.isRequested else {
            throw ServiceError("stopped; the same command goes on with what is not complete")
        }
        guard ending == .exited(0) else {
            throw ServiceError("\(arm.name) with seed \(seed) ended with \(ending); see \(place.path).log")
        }
        return place
    }
}
