import Foundation
import Imaging
import Rewards
import TensorCore
import Testing

/// Rewards made of others.
struct CombinedRewardTests {
    private static let grey = Picture(width: 4, height: 4, red: 51, green: 51, blue: 51)
    private static let half = Picture(width: 2, height: 1, pixels: [0, 0, 0, 255, 255, 255])

    private func value(_ specification: String, _ picture: Picture = grey) throws -> Double {
        try #require(try RewardConfiguration(specification).makeModel().score([picture], prompts: [""])[0].value)
    }

    /// The golden values of RPO's reward (arXiv 2407.12164).
    @Test(arguments: [(0.5, 0.9, 0.01, 0.01978), (0.5, 0.7, 0.21, 0.32308), (0.3, 0.8, 0.6, 0.64865)])
    func theHarmonicRewardIsRPOs(lambda: Double, first: Double, second: Double, expected: Double) throws {
        let rule = Combination.harmonic(lambda: lambda)
        #expect(abs(try #require(rule([first, second])).value - expected) < 5e-6)
        #expect(Combination.harmonic(lambda: 0)([first, second])?.value == second)
        #expect(Combination.harmonic(lambda: 1)([first, second])?.value == first)
        #expect(rule([-0.1, second]) == nil)
    }

    @Test func everyRuleHasItsDerivative() throws {
        let rules: [Combination] = [
            .sum([0.5, -2, 3]), .mean, .lowerBound(factor: 1.5), .uncertaintyWeighted(lambda: 0.7), .minimum,
            .harmonic(lambda: 0.3), .clamp(least: 0, most: 1), .clamp(least: 0.5, most: nil),
            .affine(scale: -2, offset: 1), .zscore(mean: 0.1, deviation: 0.2),
        ]
        for rule in rules {
            let parts = rule == .harmonic(lambda: 0.3) ? [0.3, 0.8] : [0.3, 0.8, 0.4]
            let slopes = try #require(rule(parts)).slopes
            for index in slopes.indices {
                func moved(_ step: Double) throws -> Double {
                    var parts = parts
                    parts[index] += step
                    return try #require(rule(parts)).value
                }
                let difference = try (moved(1e-5) - moved(-1e-5)) / 2e-5
                #expect(abs(difference - slopes[index]) < 1e-6, "\(rule), part \(index)")
            }
        }
    }

    @Test func treesNestAndTheirPartsTravelWithTheTotal() throws {
        let text = """
            sum:
              - {weight: 2, reward: brightness}
              - {weight: 1, name: edges, reward: {affine: {reward: {clamp: {reward: smoothness, min: -0.5}}, scale: 10}}}
            """
        let model = try RewardConfiguration(text).makeModel()
        let score = try model.score([Self.half], prompts: [""])[0]
        guard case .value(let value, let detail) = score else {
            Issue.record("\(score)")
            return
        }
        #expect(value == 2 * 0.5 + 10 * -0.5)
        #expect(detail["brightness"] == 0.5 && detail["edges"] == -5 && detail["edges/clamp/smoothness"] == -1)
        try expectDerivative(
            of: model, RewardGradientTests.pixels(pictures: 2, side: 6), prompts: ["", ""], tolerance: 5e-3)
    }

    @Test func theCanonicalFormReadsBackAndIsTheSameHoweverItIsWritten() throws {
        let texts = [
            "{uwo: {rewards: [brightness, smoothness], lambda: 0.5}}",
            "uwo:\n  lambda: 0.50\n  rewards:\n  - brightness\n  - {name: smoothness, reward: smoothness}\n",
            #"{"uwo": {"lambda": 0.5, "rewards": ["brightness", {"reward": "smoothness"}]}}"#,
        ]
        let configurations = try texts.map { try RewardConfiguration($0) }
        #expect(Set(configurations).count == 1)
        #expect(try Set(configurations.map { try $0.makeModel().identity }).count == 1)
        for text in texts + [
            "{sum: [checker, {weight: 0.25, reward: {min: [brightness, {mean: [smoothness, brightness]}]}}]}",
            "{harmonic: {lambda: 0.3, first: brightness, second: {clamp: {reward: smoothness, min: 0}}}}",
            "{lcb: {rewards: [brightness, smoothness], factor: 2}}",
            "{zscore: {reward: brightness, mean: 1, deviation: 2}}",
            "{textnorm: {reward: checker, contrasts: {command: {run: 'a & b'}}, scale: 3}}",
            "{without: {word: '[V]', reward: {affine: {reward: checker, scale: 2}}}}",
        ] {
            let configuration = try RewardConfiguration(text)
            #expect(try RewardConfiguration(configuration.specification) == configuration, "\(text)")
            #expect(!configuration.specification.contains("\n"))
        }
        let versions = try ["{mean: [brightness, smoothness]}", "{min: [brightness, smoothness]}", texts[0]].map {
            try RewardConfiguration($0).makeModel().identity.version
        }
        #expect(Set(versions).count == 3)
    }

    @Test func aWordIsKeptFromAReward() throws {
        let picture = try RewardFixture.picture("one")
        let plain = try RewardConfiguration("clip-score?model=menagerie/two-tower").makeModel()
        let blind = try RewardConfiguration(
            "{without: {word: blue, reward: 'clip-score?model=menagerie/two-tower'}}"
        ).makeModel()
        let expected = try plain.score([picture], prompts: ["a green cat"])
        #expect(expected[0].value != nil)
        #expect(try blind.score([picture], prompts: ["a blue  green cat"]) == expected)
        #expect(try plain.score([picture], prompts: ["a blue green cat"]) != expected)
        #expect(blind.identity.version != plain.identity.version)
    }

    @Test func namesAreReplacedAndFilesRead() throws {
        let folder = try TemporaryFolder()
        let text = "define: {dark: {affine: {reward: brightness, scale: -1}}}\nreward: {min: [dark, smoothness]}\n"
        let file = try folder.write("reward.yaml", Data(text.utf8))
        #expect(try value(file) == value("{min: [{affine: {reward: brightness, scale: -1}}, smoothness]}"))
        let scores = try folder.write("scores.jsonl", Data("{\"score\": 1}\n{\"score\": 3}\n".utf8))
        #expect(abs(try value("{zscore: {reward: brightness, calibration: \(scores)}}") - (0.2 - 2)) < 1e-6)
    }

    @Test(arguments: [
        ("{without: {reward: checker}}", "without needs the word"),
        ("{sum: [beauty]}", "there is no reward \"beauty\""), ("{sum: []}", "sum needs a list"),
        ("{sum: {a: b}}", "sum needs a list"), ("{product: [checker]}", "there is no reward \"product\""),
        ("{min: [checker], max: [checker]}", "one rule"), ("{clamp: {reward: checker}}", "clamp needs min, max"),
        ("{clamp: {min: 1}}", "clamp lacks its reward"), ("{clamp: {reward: checker, min: low}}", "not a number"),
        ("{lcb: {rewards: [checker], lambda: 1}}", "no setting \"lambda\"; it has: factor, rewards"),
        ("{harmonic: {first: checker, second: checker}}", "harmonic needs lambda"),
        ("define: {a: {min: [b]}, b: {mean: [a]}}\nreward: a", "made of itself: a → b → a"),
        ("define: {a: {min: [b]}}\nreward: checker", "there is no reward \"b\""),
        ("{mean: {rewards: [{weight: 3, reward: brightness}, smoothness]}}", "mean does not weigh its parts"),
        ("{harmonic: {lambda: 1, first: {reward: checker, weight: 9}, second: checker}}", "harmonic does not weigh"),
        ("{sum: [{clamp: {max: 1, reward: {reward: checker, weight: 2}}}]}", "clamp does not weigh its parts"),
        ("{uwo: {rewards: [checker], lambda: -1}}", "uwo: lambda is -1.0; it must not be negative"),
        ("{lcb: {rewards: [checker], factor: -0.5}}", "lcb: factor is -0.5; it must not be negative"),
        ("{sum: [", "not YAML"), ("/nowhere.yaml", "/nowhere.yaml: there is no such file"),
        ("{textnorm: {reward: checker, contrasts: magic}}", "there are: grammar, random, file: {path}, command: {run}"),
        ("{textnorm: {reward: checker, scale: 0}}", "above 0"), ("{zscore: {reward: checker, mean: 1}}", "calibration"),
    ])
    func aTreeThatMakesNoSenseIsRefusedInOneLine(_ text: String, _ reason: String) {
        let error = #expect(throws: RewardError.self) { try RewardConfiguration(text) }
        let message = error?.message ?? ""
        #expect(message.contains(reason) && !message.contains("\n"), "\(message)")
    }

    @Test func aFileThatReadsItselfIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "loop.yaml").path
        try folder.write("loop.yaml", Data("{min: [\(path)]}".utf8))
        let error = #expect(throws: RewardError.self) { try RewardConfiguration(path) }
        #expect(error?.code == .cycle)
    }

    @Test func whereAPartHasNoScoreThereIsNone() throws {
        let model = try RewardConfiguration("{sum: [brightness, checker]}").makeModel()
        #expect(!model.isDifferentiable)
        let scores = try model.score([Self.grey], prompts: ["a dog"])
        #expect(scores == [.invalid("checker:graded: the checker judges pictures of 64x64, not 4x4")])
    }

    @Test func aHarmonicMeanOfANegativePartSaysWhyItHasNoScore() throws {
        let negative = "{affine: {reward: brightness, offset: -1}}"
        let model = try RewardConfiguration("{harmonic: {lambda: 0.5, first: brightness, second: \(negative)}}")
            .makeModel()
        guard case .invalid(let reason) = try model.score([Self.half], prompts: [""])[0] else {
            Issue.record("a score of a negative part")
            return
        }
        #expect(
            reason
                == "brightness 0.5, affine -0.5 cannot be combined: the λ-harmonic mean needs values that are not negative"
        )
    }
}
