import ArgumentParser
import Foundation
import Menagerie
import Rewards
import ServiceRuntime

/// `atelier evaluate sensitivity`: what of a scene a reward sees.
struct EvaluateSensitivityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sensitivity", abstract: "Measures what of the embedded world's scenes a reward sees.",
        discussion: """
            For each attribute: how often the true prompt of a render scores above one that is wrong about that attribute alone
            (0.5: the reward is blind to it). Then how far the score moves with the ground and with noise, in deviations
            between scenes. Printed as a table in Markdown.
            """)

    @Option(parsing: .upToNextOption, help: "Rewards, for example checker or a spec's file.")
    var reward: [String]
    @Option(help: "Scenes for each attribute and each ground.")
    var scenes = 200
    @Option(help: "Seed of the scenes.")
    var seed: UInt64 = 0
    @OptionGroup var compute: ComputeOptions
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard scenes >= 2 else { throw ValidationError("--scenes \(scenes): at least 2 are needed") }
        guard !reward.isEmpty else { throw ValidationError("--reward: at least one is needed") }
    }

    func run() async throws {
        compute.apply()
        let models = try reward.map(ScoreCommand.model)
        var reports: [String: RewardSensitivity] = [:]
        let attributes = RewardSensitivity.Attribute.allCases.map(\.rawValue)
        if !json {
            let columns = ["reward"] + attributes + ["best ground", "worst ground", "noise 16", "noise 48"]
            Output.line("| " + columns.joined(separator: " | ") + " |")
            Output.line("|" + columns.map { _ in " --- |" }.joined())
        }
        for model in models {
            let report: RewardSensitivity
            do { report = try RewardSensitivity(of: model, count: scenes, seed: seed) } catch let error as RewardError {
                throw ServiceError(error.message)
            }
            reports[model.identity.id] = report
            if !json { Output.line(row(model.identity.id, report, attributes)) }
        }
        if json { try Output.json(reports) }
    }

    private func row(_ name: String, _ report: RewardSensitivity, _ attributes: [String]) -> String {
        let order = report.grounds.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        func ground(_ entry: (key: String, value: Double)?) -> String {
            entry.map { "\($0.key) \(String(format: "%+.2f", $0.value))" } ?? "-"
        }
        var cells = attributes.map { String(format: "%.2f", report.prompts[$0] ?? 0.5) }
        cells += [ground(order.last), ground(order.first)]
        cells += ["16", "48"].map { String(format: "%+.2f", report.noise[$0] ?? 0) }
        return "| `\(name)` | \(cells.joined(separator: " | ")) |"
    }
}
