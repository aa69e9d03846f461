import ArgumentParser
import Foundation
import Imaging
import Rewards
import ServiceRuntime

/// `atelier evaluate rewards`: rewards on a set of pictures that people have judged.
struct EvaluateRewardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewards", abstract: "Measures rewards on pictures that people have judged.",
        discussion: """
            Reads the files of the TIA² benchmark as they are: human_labels_SUBSET.json with the pictures, and
            alignment_scores_SUBSET.json, of which it prints the means over prompts beside those of our rewards.
            """)

    @Option(help: ArgumentHelp("The set's folder.", valueName: "dir"))
    var set: String
    @Option(parsing: .upToNextOption, help: "Rewards to score the pictures with, for example checker or a spec's file.")
    var reward: [String] = []
    @Option(help: "One subset instead of all.")
    var subset: String?
    @Option(help: "Pictures scored at a time.")
    var batch = 16
    @Option(
        help: ArgumentHelp(
            "Writes every score there, a line of JSON for each picture and reward.", valueName: "file.jsonl"))
    var scores: String?
    @OptionGroup var compute: ComputeOptions
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard batch >= 1 else { throw ValidationError("--batch \(batch): at least one picture is needed") }
    }

    func run() async throws {
        do {
            try evaluate()
        } catch let error as RewardError {
            throw ServiceError(error.message)
        }
    }

    /// A line of `--scores`, which `evaluate scores` reads too.
    private struct Line: Encodable {
        let subset: String
        let reward: String
        let image: String
        let prompt: String
        let score: Double
        let labels: [Int]
    }

    /// Reports by subset and by model.
    private func evaluate() throws {
        compute.apply()
        let set = try TIA2Set(folder: URL(filePath: set))
        let models = try reward.map(ScoreCommand.model)
        guard models.isEmpty || !set.labelledSubsets.isEmpty else {
            throw ServiceError("\(set.folder.path): no human_labels_SUBSET.json is in it, so no reward can be measured")
        }
        let known = Set(set.publishedSubsets).union(models.isEmpty ? [] : set.labelledSubsets).sorted()
        guard !known.isEmpty else {
            throw ServiceError(
                "\(set.folder.path): nothing is published there; name a --reward to measure on the judged subsets: "
                    + set.labelledSubsets.joined(separator: ", "), exitCode: .usage)
        }
        if let subset, !known.contains(subset) {
            let advice =
                set.labelledSubsets.contains(subset)
                ? "nothing is published of it; name a --reward to measure on it, or take one of: "
                : "\(set.folder.path) has no such subset; there are: "
            throw ServiceError(
                "--subset \(subset): \(advice)\(known.joined(separator: ", "))", exitCode: .usage)
        }
        var reports: [String: [String: AlignmentReport]] = [:]
        var lines: [Line] = []
        for subset in known where self.subset == nil || self.subset == subset {
            var rows = set.publishedSubsets.contains(subset) ? try set.published(subset) : [:]
            if set.labelledSubsets.contains(subset), !models.isEmpty {
                let entries = try set.entries(subset)
                for model in models {
                    let judged = try score(model, entries)
                    rows[model.identity.id] = AlignmentReport(judged)
                    lines += zip(entries, judged).map { entry, judged in
                        Line(
                            subset: subset, reward: model.identity.id, image: entry.file.lastPathComponent,
                            prompt: entry.prompt, score: judged.score, labels: entry.labels)
                    }
                }
            }
            reports[subset] = rows
            if json { continue }
            Output.line(subset)
            AlignmentTable.print(rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
        if let scores { try write(lines, to: scores) }
        if json { try Output.json(reports) }
    }

    private func write(_ lines: [Line], to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for line in lines { data += try encoder.encode(line) + [UInt8(ascii: "\n")] }
        do { try data.write(to: URL(filePath: path), options: .atomic) } catch {
            throw ServiceError("--scores \(path): it cannot be written")
        }
    }

    private func score(_ model: any RewardModel, _ entries: [TIA2Set.Entry]) throws -> [LabelledScore] {
        var pictures: [LabelledScore] = []
        for start in stride(from: 0, to: entries.count, by: batch) {
            let part = entries[start..<min(start + batch, entries.count)]
            let scores = try model.score(part.map { try ScoreCommand.read($0.file.path) }, prompts: part.map(\.prompt))
            for (entry, score) in zip(part, scores) {
                switch score {
                case .value(let value, _):
                    pictures.append(LabelledScore(prompt: entry.prompt, score: value, labels: entry.labels))
                case .unavailable(let reason), .invalid(let reason):
                    throw ServiceError("\(entry.file.path): \(model.identity.id) gives no score: \(reason)")
                }
            }
        }
        return pictures
    }
}
