import ArgumentParser
import Foundation
import Imaging
import Rewards
import ServiceRuntime

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Scores pictures with a reward, without a run.")

    @Option(help: "Which reward, for example checker or jpeg-compressibility?quality=95.")
    var reward: String
    @Option(parsing: .upToNextOption, help: "PNG files.")
    var image: [String]
    @Option(help: "What the pictures were drawn for.")
    var prompt = ""
    @Flag(help: "Print one JSON object and nothing else on standard output.")
    var json = false

    /// One picture's score as `--json` prints it.
    private struct Entry: Encodable {
        let image: String
        var score: Double?
        var detail: [String: Double] = [:]
        var unavailable: String?
        var invalid: String?

        init(image: String, _ score: Score) {
            self.image = image
            switch score {
            case .value(let value, let detail): (self.score, self.detail) = (value, detail)
            case .unavailable(let reason): unavailable = reason
            case .invalid(let reason): invalid = reason
            }
        }
    }

    private struct Answer: Encodable {
        let reward: String
        let version: String
        let prompt: String
        let scores: [Entry]
    }

    func run() async throws {
        let model = try Self.model(reward)
        let entries = try zip(image, scores(model)).map { Entry(image: $0, $1) }
        if json {
            try Output.json(
                Answer(reward: model.identity.id, version: model.identity.version, prompt: prompt, scores: entries))
        } else {
            for entry in entries {
                let text = entry.score.map { "\($0)" } ?? entry.invalid.map { "invalid: \($0)" } ?? "unavailable"
                Output.line("\(entry.image)  \(text)")
            }
        }
        if entries.contains(where: { $0.score == nil }) {
            let without = entries.filter { $0.score == nil }
            let first = without[0]
            throw ServiceError(
                "\(without.count) of \(entries.count) pictures have no score; \(first.image): "
                    + (first.invalid ?? first.unavailable ?? ""), exitCode: .failed)
        }
    }

    /// The scores of the files; one that is no picture has none, and the others have theirs.
    private func scores(_ model: any RewardModel) throws -> [Score] {
        let read = image.map { path in Result { try Self.read(path) } }
        let pictures = read.compactMap { try? $0.get() }
        var found = try model.score(pictures, prompts: pictures.map { _ in prompt })[...]
        return read.map { result in
            switch result {
            case .success: found.popFirst() ?? .invalid("it was not scored")
            case .failure(let error): .invalid(ServiceProcess.oneLine(error))
            }
        }
    }

    /// The reward of a spec; a mistake in it is the user's.
    static func model(_ spec: String) throws -> any RewardModel {
        do {
            return try RewardConfiguration(spec).makeModel()
        } catch {
            throw ServiceError(ServiceProcess.oneLine(error), exitCode: .usage)
        }
    }

    static func read(_ path: String) throws -> Picture {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ServiceError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        do {
            return try Picture(bytes: [UInt8](data))
        } catch {
            throw ServiceError("\(path) is no PNG or JPEG picture: \(ServiceProcess.oneLine(error))")
        }
    }
}
