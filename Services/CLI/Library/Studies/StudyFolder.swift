import Foundation
import Ledger
import RunConfiguration
import ServiceRuntime

/// The folder of a study, with one below it for each run.
struct StudyFolder {
    let url: URL
    /// The plan as it was run; what has it is the folder of a study.
    private static let plan = "plan.yaml"

    /// Makes the folder and keeps the plan in it.
    init(_ url: URL, plan: String) throws {
        self.url = url
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try AtomicFile.write(try Data(contentsOf: URL(fileURLWithPath: plan)), to: url.appending(path: Self.plan))
    }

    func place(of arm: StudyPlan.Arm, seed: UInt64) -> URL { url.appending(path: "\(arm.name)-\(seed)") }

    /// A folder with the whole run of a configuration: the one that was meant, or one of another study beside this one.
    ///
    /// With staleness 0 a run is a function of its configuration, so that two studies may share an arm.
    func completed(_ configuration: RunConfiguration, meantFor place: URL) -> URL? {
        if Self.holds(place, configuration) { return place }
        guard configuration.staleness == 0 else { return nil }
        return Self.folders(in: url.deletingLastPathComponent())
            .filter { FileManager.default.fileExists(atPath: $0.appending(path: Self.plan).path) }
            .flatMap(Self.folders).first { Self.holds($0, configuration) }
    }

    /// Whether a folder has the run of a configuration, whatever its name, from the first round to the last.
    private static func holds(_ place: URL, _ configuration: RunConfiguration) -> Bool {
        guard let data = try? Data(contentsOf: place.appending(path: "summary.json")),
            let summary = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            summary["outcome"] as? String == "completed",
            var kept = try? ConfigurationFile.read(place.appending(path: "config.yaml").path)
        else { return false }
        kept.run = configuration.run
        return kept == configuration
    }

    private static func folders(in folder: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { folder.appending(path: $0) }
    }

    /// What happened in the rounds of a run.
    static func reports(of place: URL) throws -> [RoundReport] {
        let text = try String(contentsOf: place.appending(path: "metrics.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(RoundReport.self, from: Data($0.utf8)) }
    }

    /// Writes the table and the plot.
    func write(_ table: StudyTable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(try encoder.encode(table), to: url.appending(path: "table.json"))
        try AtomicFile.write(Data((table.text + "\n").utf8), to: url.appending(path: "table.md"))
        let plot = StudyPlot.draw(table.rows.map { ($0.arm, $0.curve) })
        try AtomicFile.write(Data(try plot.pngData()), to: url.appending(path: "plot.png"))
    }
}
