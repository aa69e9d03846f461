import Foundation
import Imaging
import Rewards
import TensorCore
import Testing

/// Rewards that are models, against transformers and Pillow.
struct ModelRewardTests {
    /// A folder with the second picture.
    private static func references() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("two.png", Data(contentsOf: RewardFixture.root.appending(path: "two.png")))
        return folder
    }

    @Test func scoresAreTransformers() throws {
        let folder = try Self.references()
        let golden = try RewardFixture.scores()
        let specifications = RewardFixture.specifications(references: folder.url.path)
        #expect(specifications.keys.sorted() == golden.scores.keys.sorted())
        let picture = try RewardFixture.picture("one")
        let pictures = golden.prompts.map { _ in picture }
        for (name, specification) in specifications {
            let model = try RewardConfiguration(specification).makeModel()
            let ours = try model.score(pictures, prompts: golden.prompts).map(\.value)
            let theirs: [Double] =
                switch golden.scores[name] {
                case .one(let value): golden.prompts.map { _ in value }
                case .each(let values): values
                case nil: []
                }
            #expect(ours.count == theirs.count)
            for (our, their) in zip(ours, theirs) {
                let error: Double = abs(try #require(our) - their)
                #expect(error < 1e-4 * max(abs(their), 1), "\(name): \(error) from \(their)")
            }
            // One picture with all prompts is the same as the picture once for each.
            let candidates = try model.score([picture], candidates: [golden.prompts])[0].map(\.value)
            for (one, many) in zip(candidates, ours) {
                let difference: Double = abs((one ?? 9) - (many ?? -9))
                #expect(difference < 1e-6, "\(name)")
            }
        }
    }

    @Test func derivativesAreThoseOfScores() throws {
        let folder = try Self.references()
        let pixels = RewardGradientTests.pixels(pictures: 2, side: 18)
        for (name, specification) in RewardFixture.specifications(references: folder.url.path) {
            let model = try RewardConfiguration(specification).makeModel()
            try #require(model.isDifferentiable)
            // Deep networks are rough: a smaller step, and the rounding of f32 in the difference.
            try expectDerivative(
                of: model, pixels, prompts: ["a green rabbit", "two dogs"], step: 4e-3, tolerance: 2e-2)
            #expect(try model.scoreWithGradient(pixels, prompts: ["", ""]).scores.count == 2, "\(name)")
        }
    }

    @Test func pixelsScoreNearlyAsTheBytesTheyAre() throws {
        let picture = try RewardFixture.picture("one")
        let pixels = Tensor(picture.pixels.map { Float($0) / 255 }, shape: [1, picture.height, picture.width, 3])
        for name in ["clip", "align"] {
            let reward = name == "clip" ? "clip-score" : "align"
            let model = try RewardConfiguration("\(reward)?model=\(RewardFixture.path(name))").makeModel()
            let bytes = try #require(try model.score([picture], prompts: ["two dogs"])[0].value)
            let floats = try #require(try model.scoreWithGradient(pixels, prompts: ["two dogs"]).scores[0].value)
            #expect(abs(bytes - floats) < 0.02)
        }
    }

    @Test func anEmptyOrOverLongPromptIsItsOwnInvalidScore() throws {
        let picture = try RewardFixture.picture("one")
        let long = String(repeating: "dog ", count: 20)
        for name in [
            "clip-score?model=\(RewardFixture.path("clip"))", "imagereward?model=\(RewardFixture.path("imagereward"))",
        ] {
            let model = try RewardConfiguration(name).makeModel()
            let long = name.hasPrefix("clip") ? long : long + long
            let scores = try model.score([picture, picture, picture], prompts: [" ", long, "two dogs"])
            #expect(scores[0] == .invalid("the prompt is empty"))
            #expect("\(scores[1])".contains("truncate=yes"))
            #expect(scores[2].value != nil)
            let cutting = try RewardConfiguration(name + "&truncate=yes").makeModel()
            #expect(try cutting.score([picture], prompts: [long])[0].value != nil)
            #expect(cutting.identity.version != model.identity.version)
        }
    }

    @Test func aModelInOpenCLIPsNamesScoresAsTheSameModelInTransformers() throws {
        let golden = try RewardFixture.scores()
        guard case .each(let theirs) = golden.scores["clip-score"] else {
            Issue.record("scores.json has no score of CLIP for each prompt")
            return
        }
        let model = try RewardConfiguration("hps?model=\(RewardFixture.path("hps"))").makeModel()
        let picture = try RewardFixture.picture("one")
        let ours = try model.score(golden.prompts.map { _ in picture }, prompts: golden.prompts)
        for (our, their) in zip(ours, theirs) { #expect(abs(try #require(our.value) - their) < 1e-4) }
    }

    @Test func aPickleIsRefusedByItsName() throws {
        let folder = try TemporaryFolder()
        try folder.write("HPS_v2_compressed.pt", Data([0x80, 2]))
        let error = #expect(throws: SafeTensorsError.self) {
            try RewardConfiguration("hps?model=\(folder.url.path)").makeModel()
        }
        #expect(error?.description.contains("HPS_v2_compressed.pt: this is a pickle file") == true)
    }

    @Test func whatIsNoNumberInAModelIsNoScore() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "head.safetensors").path
        let weights = Tensor([Float](repeating: .nan, count: 10), shape: [1, 10])
        try SafeTensorsWriter().write(["layers.0.weight": weights, "layers.0.bias": Tensor(zeros: [1])], to: path)
        let aesthetic = "aesthetic?model=\(RewardFixture.path("clip"))&head=\(path)"
        let picture = try RewardFixture.picture("one")
        for specification in [aesthetic, "{mean: {rewards: [brightness, '\(aesthetic)']}}"] {
            let score = try RewardConfiguration(specification).makeModel().score([picture], prompts: ["two dogs"])[0]
            guard case .invalid(let reason) = score else {
                Issue.record("\(score)")
                continue
            }
            #expect(reason.contains("the model gives what is not a number"))
        }
    }

    @Test func aPictureFarTooLongIsItsOwnInvalidScore() throws {
        let model = try RewardConfiguration("clip-score?model=\(RewardFixture.path("clip"))").makeModel()
        let (sound, long) = (
            try RewardFixture.picture("one"), Picture(width: 1 << 22, height: 1, red: 1, green: 2, blue: 3)
        )
        let tiny = Picture(width: 1, height: 1, red: 1, green: 2, blue: 3)
        let scores = try model.score([sound, long, tiny], prompts: ["two dogs", "two dogs", "two dogs"])
        #expect(scores[0].value != nil && scores[2].value != nil)
        #expect("\(scores[1])".contains("a picture of 4194304x1 pixels cannot be scaled"))
    }

    @Test func theVersionIsOfTheFilesAndNotOfTheirPlace() throws {
        let folder = try TemporaryFolder()
        let source = RewardFixture.root.appending(path: "clip")
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
            try folder.write("moved/\(name)", Data(contentsOf: source.appending(path: name)))
        }
        let moved = folder.url.appending(path: "moved").path
        func version(_ path: String) throws -> String {
            try RewardConfiguration("clip-score?model=\(path)").makeModel().identity.version
        }
        let original = try version(source.path)
        #expect(try version(moved) == original)
        try folder.write("moved/merges.txt", Data("#version: 0.2\nd o\n".utf8))
        #expect(throws: (any Error).self) { try version(moved) }
        try folder.write("moved/merges.txt", Data("#version: 0.2\n\n".utf8))
        #expect(try version(moved) != original)
    }

    @Test func filesAreLookedForWithoutMakingTheModel() throws {
        let folder = try TemporaryFolder()
        try folder.write("references/two.png", Data(contentsOf: URL(filePath: RewardFixture.path("two.png"))))
        let references = folder.url.appending(path: "references").path
        for (_, text) in RewardFixture.specifications(references: references) {
            try RewardConfiguration(text).checkFiles()
            try RewardConfiguration("{textnorm: {reward: \"\(text)\"}}").checkFiles()
        }
        let clip = RewardFixture.path("clip")
        try FileManager.default.copyItem(atPath: clip, toPath: folder.url.appending(path: "clip").path)
        try FileManager.default.removeItem(at: folder.url.appending(path: "clip/vocab.json"))
        for (text, words) in [
            ("clip-score?model=/nowhere", "/nowhere: there is no config.json"),
            ("clip-score?model=\(folder.url.path)/clip", "vocab.json"),
            ("clip-i?model=\(clip)&references=/nowhere", "/nowhere: there is no picture"),
            ("aesthetic?model=\(clip)&head=/nowhere", "/nowhere"),
            ("{textnorm: {reward: checker, contrasts: {file: {path: /nowhere.json}}}}", "/nowhere.json: it cannot be"),
            (
                "{mean: [brightness, 'dino?model=/nowhere&references=\(references)']}",
                "/nowhere: there is no config.json"
            ),
        ] {
            let error = #expect(throws: (any Error).self) { try RewardConfiguration(text).checkFiles() }
            #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
            #expect(throws: (any Error).self) { try RewardConfiguration(text).makeModel() }
        }
    }

    @Test func aModelThatIsNotThereIsNamed() throws {
        let nowhere = #expect(throws: RewardError.self) {
            try RewardConfiguration("clip-score?model=/nowhere").makeModel()
        }
        #expect(nowhere?.message.hasPrefix("/nowhere: there is no config.json; a transformers model folder") == true)
        let head = #expect(throws: RewardError.self) {
            try RewardConfiguration(
                "aesthetic?model=\(RewardFixture.path("clip"))&head=\(RewardFixture.path("dino/model.safetensors"))"
            ).makeModel()
        }
        #expect(head?.message.contains("a chain of linear layers") == true)
        #expect(throws: RewardError.self) { try RewardConfiguration("pickscore") }
    }
}
