import ArgumentParser
import Imaging
import Menagerie
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
