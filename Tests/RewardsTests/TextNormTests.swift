import Foundation
import Imaging
import Menagerie
import TensorCore
import Testing

@testable import Rewards

/// TextNorm (arXiv 2404.01863) and its contrasting prompts.
struct TextNormTests {
    /// A reward that says what a table says of a prompt.
    private struct Table: RewardModel {
        let scores: [String: Double]
        var identity: RewardIdentity { RewardIdentity(id: "table", revision: 1) }

        func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
            prompts.map { prompt in scores[prompt].map { .value($0, detail: [:]) } ?? .invalid("nothing on \(prompt)") }
        }
    }

    /// Contrasts from a table.
    private struct Fixed: ContrastSource {
        let sets: [String: [String]]
        var version: String { "fixed" }

        func contrasts(to prompt: String) throws(ContrastError) -> [String] {
            guard let set = sets[prompt] else { throw ContrastError(description: "nothing contrasts") }
            return set
        }
    }

    private static let picture = Picture(width: 1, height: 1, red: 0, green: 0, blue: 0)

    private func score(_ scores: [String: Double], _ sets: [String: [String]], scale: Double = 1) throws -> Score {
        try TextNormReward("x", Table(scores: scores), Fixed(sets: sets), scale: scale)
            .score([Self.picture], prompts: ["y"])[0]
    }

    @Test func theScoreIsThePromptsShare() throws {
        let golden = try score(["y": 21, "a": 20.5, "b": 19], ["y": ["a", "b"]])
        #expect(abs(try #require(golden.value) - 0.57409699) < 1e-8)
        // The prompt itself, or a contrast twice, counts once.
        #expect(try score(["y": 21, "a": 20.5, "b": 19], ["y": ["a", "y", "b", "a"]]) == golden)
        #expect(try score(["y": 1e6, "a": -1e6], ["y": ["a"]], scale: 100).value == 1)
        #expect(try score(["y": -1e6, "a": 1e6], ["y": ["a"]], scale: 100).value == 0)
    }

    @Test func withoutContrastsThereIsNoScore() throws {
        #expect(try score(["y": 1], ["y": ["y"]]) == .invalid("there is no prompt to contrast \"y\" with"))
        #expect(try score(["y": 1], [:]) == .invalid("nothing contrasts"))
        #expect(try score(["y": 1], ["y": ["a"]]) == .invalid("the contrast \"a\": nothing on a"))
    }

    @Test func theDerivativeIsThatOfTheShare() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "contrasts.json", Data(#"{"two dogs": ["a dog", "two cats"], "a dog": ["two dogs"]}"#.utf8))
        let base = "clip-score?model=\(RewardFixture.path("clip"))&scale=10"
        let model = try RewardConfiguration(
            "{textnorm: {reward: '\(base)', contrasts: {file: {path: \(file)}}, scale: 2}}"
        ).makeModel()
        let pixels = RewardGradientTests.pixels(pictures: 2, side: 18)
        try expectDerivative(of: model, pixels, prompts: ["two dogs", "a dog"], step: 4e-3, tolerance: 2e-2)
        let unknown = try model.score([Self.picture], prompts: ["a cat"])
        #expect(unknown == [.invalid("\(file) has no contrasts for \"a cat\"")])
    }

    @Test func theGrammarChangesOneAttribute() throws {
        let prompts = try GrammarContrasts().contrasts(to: "a green rabbit")
        #expect(prompts.contains("a red rabbit") && !prompts.contains("a green rabbit"))
        #expect(throws: ContrastError.self) { try GrammarContrasts().contrasts(to: "a teapot") }
    }

    @Test func randomPromptsAreTheSameForAPromptEveryTime() throws {
        let source = RandomContrasts(count: 5, seed: 3)
        let prompts = try source.contrasts(to: "a green rabbit")
        #expect(prompts.count == 5 && Set(prompts).count == 5)
        #expect(try source.contrasts(to: "a green rabbit") == prompts)
        #expect(try source.contrasts(to: "two dogs") != prompts)
        for prompt in prompts { _ = try Scene.Description(parsing: prompt) }
    }

    @Test func aCommandIsAskedOnceForEachPrompt() throws {
        let folder = try TemporaryFolder()
        let log = folder.url.appending(path: "log").path
        let command =
            "while read -r line; do printf '%s\\n' \"$line\" >> \(log); "
            + "echo '{\"contrasts\": [\"a cat\"]}'; done"
        let source = CommandContrasts(command, seconds: 20)
        for prompt in ["a dog", "a \"big\"\ndog", "a dog"] { #expect(try source.contrasts(to: prompt) == ["a cat"]) }
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines == [#"{"prompt":"a dog"}"#, #"{"prompt":"a \"big\"\ndog"}"#])
    }

    @Test(arguments: [
        ("exit 3", "has ended"), ("echo nonsense; cat > /dev/null", "answers what is no JSON"),
        (#"echo '{"error": "no tokens left"}'; cat > /dev/null"#, "says: no tokens left"),
        ("exec sleep 60", "does not answer within 0.2 s"),
    ])
    func aCommandThatFailsSaysWhy(_ command: String, _ reason: String) throws {
        // Only what is to be too late has little time.
        let source = CommandContrasts(command, seconds: command.contains("sleep") ? 0.2 : 20)
        let error = #expect(throws: ContrastError.self) { try source.contrasts(to: "a dog") }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        // What it says is final; that it says nothing is not.
        #expect(error?.isPassing == (command.contains("sleep") || command == "exit 3"))
    }
}
