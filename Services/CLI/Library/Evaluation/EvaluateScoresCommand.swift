import ArgumentParser
import Foundation
import Rewards
import ServiceRuntime

/// `atelier evaluate scores`: the measures of scores that somebody else made.
struct EvaluateScoresCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scores", abstract: "Measures scores of a file against labels.",
        discussion: """
            Each line is one picture: {"prompt": "a dog", "score": 0.7, "labels": [1, 0, -1]}
            A label is 1 (right), 0 (wrong) or -1 (unsure); a picture is right if more than half of its labels are 1.
            Prompts whose pictures are all right or all wrong are left out and counted.
            """)

    @Argument(help: ArgumentHelp("The file, one JSON object a line.", valueName: "file.jsonl"))
    var file: String
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    /// A line of the file.
    private struct Line: Decodable {
        let prompt: String
        let score: Double
        let labels: [Int]
    }

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ServiceError("\(file): it cannot be read")
        }
        var pictures: [LabelledScore] = []
        for (number, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where line.contains(where: { !Character(Unicode.Scalar($0)).isWhitespace }) {
            pictures.append(try picture(line, number: number + 1))
        }
        guard !pictures.isEmpty else { throw ServiceError("\(file): there is no picture in it") }
        let report = AlignmentReport(pictures)
        if json { return try Output.json(report) }
        AlignmentTable.print([(file, report)])
    }

    private func picture(_ text: Data, number: Int) throws -> LabelledScore {
        let line: Line
        do {
            line = try JSONDecoder().decode(Line.self, from: text)
        } catch {
            throw ServiceError("\(file):\(number): not an object with prompt, score (a finite number) and labels")
        }
        guard line.score.isFinite else { throw ServiceError("\(file):\(number): the score is not a finite number") }
        guard !line.labels.isEmpty, line.labels.allSatisfy({ (-1...1).contains($0) }) else {
            throw ServiceError("\(file):\(number): labels \(line.labels); at least one is needed, each 1, 0 or -1")
        }
        return LabelledScore(prompt: line.prompt, score: line.score, labels: line.labels)
    }
}

/// Reports as lines of text.
enum AlignmentTable {
    static func print(_ rows: [(name: String, report: AlignmentReport)]) {
        let width = max(rows.map(\.name.count).max() ?? 0, 4)
        let head = AlignmentMeasures.columns.map { $0.name.padding(toLength: 9, withPad: " ", startingAt: 0) }.joined()
        Output.line("".padding(toLength: width + 2, withPad: " ", startingAt: 0) + head + "prompts (left out)")
        for (name, report) in rows {
            let cells = AlignmentMeasures.columns.map { column in
                let text = report.macro[keyPath: column.value].map { String(format: "%.4f", $0) } ?? "-"
                return text.padding(toLength: 9, withPad: " ", startingAt: 0)
            }
            let left = report.leftOut.allRight + report.leftOut.allWrong
            Output.line(
                name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + cells.joined()
                    + "\(report.prompts.count) (\(left))")
        }
    }
}
