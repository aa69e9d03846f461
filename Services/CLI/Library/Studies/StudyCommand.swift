import ArgumentParser
import Foundation
import Imaging
import Ledger
import ServiceRuntime

struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Runs one claim of a paper: every arm with every seed, then a table and a plot.",
        discussion: """
            The plan names arms (a configuration and overrides) and seeds; those of deploy/studies are meant. Runs that are \
            complete in the folder are not repeated, so a study that was stopped goes on. Written are table.md, \
            table.json and plot.png (one colour for each arm, in the order of the table: blue, orange, green, red, purple).
            """)

    @Argument(help: "The plan, a YAML file.")
    var plan: String
    @Option(help: "The study's folder, one below it for each run; by default studies/NAME.")
    var out: String?
    @Flag(help: "Print the table as one JSON object and nothing else on standard output.")
    var json = false

    func run() async throws {
        let study = try StudyPlan.read(plan)
        let name = URL(fileURLWithPath: plan).deletingPathExtension().lastPathComponent
        let folder = URL(fileURLWithPath: out ?? "studies/\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let shutdown = Shutdown()
        let signals = SignalWatch(shutdown)
        defer { withExtendedLifetime(signals) {} }
        var reports: [(arm: String, runs: [[RoundReport]])] = []
        for arm in study.arms {
            var runs: [[RoundReport]] = []
            for seed in study.seeds {
                let place = folder.appending(path: "\(arm.name)-\(seed)")
                if !isComplete(place) { try await run(arm, seed: seed, in: place, shutdown) }
                runs.append(try Self.reports(of: place))
            }
            reports.append((arm.name, runs))
        }
        let table = StudyTable(claim: study.claim, reports: reports)
        try write(table, to: folder)
        if json { try Output.json(table) } else { Output.line(table.text) }
    }

    private func isComplete(_ place: URL) -> Bool {
        guard let data = try? Data(contentsOf: place.appending(path: "summary.json")),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return false }
        return object["outcome"] as? String == "completed"
    }

    /// One run as a process of its own, as a user would start it.
    private func run(_ arm: StudyPlan.Arm, seed: UInt64, in place: URL, _ shutdown: Shutdown) async throws {
        try? FileManager.default.removeItem(at: place)
        Output.error("\(arm.name), seed \(seed)\n")
        let overrides = arm.set + ["seed=\(seed)", "run=\(arm.name)-\(seed)"]
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
    }

    private static func reports(of place: URL) throws -> [RoundReport] {
        let text = try String(contentsOf: place.appending(path: "metrics.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(RoundReport.self, from: Data($0.utf8)) }
    }

    private func write(_ table: StudyTable, to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(try encoder.encode(table), to: folder.appending(path: "table.json"))
        try AtomicFile.write(Data((table.text + "\n").utf8), to: folder.appending(path: "table.md"))
        let plot = StudyPlot.draw(table.rows.map(\.curve))
        try AtomicFile.write(Data(try plot.pngData()), to: folder.appending(path: "plot.png"))
    }
}
