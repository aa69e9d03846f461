import Menagerie
import Testing

@Suite struct GrammarTests {
    @Test(arguments: [
        ("a green colored rabbit", Scene.Description([.init(.rabbit, tint: .green)])),
        ("A green rabbit.", Scene.Description([.init(.rabbit, tint: .green)])),
        ("four wolves", Scene.Description([.init(.wolf, count: 4)])),
        ("Four wolves in the park.", Scene.Description([.init(.wolf, count: 4)], ground: .park)),
        ("a cat and a dog", Scene.Description([.init(.cat), .init(.dog)])),
        ("a dog on the moon", Scene.Description([.init(.dog)], ground: .moon)),
        (
            "an ant to the left of an orange star",
            Scene.Description([.init(.ant), .init(.star, tint: .orange)], relation: .leftOf)
        ),
        (
            "a photo of two geese and three mice at night",
            Scene.Description([.init(.goose, count: 2), .init(.mouse, count: 3)], ground: .night)
        ),
    ])
    func aPromptSays(_ prompt: String, _ expected: Scene.Description) throws {
        #expect(try Scene.Description(parsing: prompt) == expected)
    }

    @Test(arguments: [
        ("a cat and a cup", "cup"), ("a green colored unicorn", "unicorn"), ("", "expected a, an or a number"),
        ("green rabbit", "expected a, an or a number"), ("a rabbit green", "the end instead of \"green\""),
        ("three cats and three dogs", "more than 5"), ("two cats above a dog", "one thing on each side"),
        ("a cat on the dog", "expected a place"), ("a", "expected an animal or a shape"),
        ("a cat to left of a dog", "the after to"),
    ])
    func aPromptOutsideTheGrammarIsRefusedInOneLine(_ prompt: String, _ reason: String) {
        let error = #expect(throws: PromptError.self) { try Scene.Description(parsing: prompt) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func everyCaptionIsShortKnownAndReadBack() throws {
        let known = Set(Menagerie.vocabulary)
        #expect(known.count == Menagerie.vocabulary.count)
        for index in 0..<2000 {
            let (_, scene) = Menagerie.captionedScene(seed: 5, index: index)
            for style in CaptionStyle.allCases {
                let caption = scene.description.caption(style)
                let words = caption.split(separator: " ").map(String.init)
                #expect(words.count <= 14 && known.isSuperset(of: words), "\(caption)")
                #expect(try Scene.Description(parsing: caption) == scene.description)
            }
        }
    }

    @Test func animalsHaveTheirIrregularPlurals() {
        let plurals = [Kind.wolf, .mouse, .goose, .fox, .butterfly, .fly, .sheep, .deer, .fish, .cat].map(\.plural)
        #expect(
            plurals == ["wolves", "mice", "geese", "foxes", "butterflies", "flies", "sheep", "deer", "fish", "cats"])
        #expect(Kind.animals.count == 45 && Kind.shapes.count == 8 && Tint.allCases.count == 10)
    }

    @Test func contrastsDifferInOneAttribute() throws {
        let prompts = try Scene.Description.contrastivePrompts(for: "a green rabbit left of a dog in the park")
        #expect(prompts.contains("a red rabbit left of a dog in the park"))
        #expect(prompts.contains("a green rabbit above a dog in the park"))
        #expect(prompts.contains("a green rabbit left of a dog on the moon"))
        #expect(Set(prompts).count == prompts.count && !prompts.contains("a green rabbit left of a dog in the park"))
        let counted = try Scene.Description.contrastivePrompts(for: "three wolves")
        #expect(["a wolf", "two wolves", "four wolves", "five wolves"].allSatisfy(counted.contains))
    }
}

@Suite struct DistributionTests {
    private static let draws = (0..<30_000).map { Menagerie.captionedScene(seed: 3, index: $0) }

    @Test func anExampleIsAFunctionOfSeedAndIndex() {
        let first = Menagerie.example(seed: 9, index: 41)
        #expect(first == Menagerie.example(seed: 9, index: 41))
        #expect(first.scene != Menagerie.example(seed: 9, index: 42).scene)
        #expect(first.scene != Menagerie.example(seed: 10, index: 41).scene)
    }

    @Test func testPromptsNeverAppearAndTargetsAreRare() {
        let cells = Self.draws.flatMap(\.scene.description.cells)
        for missing in ["green cat", "four bird", "moon lion"] { #expect(!cells.contains(missing)) }
        let tints = cells.filter { $0.hasSuffix(" rabbit") && !$0.hasPrefix("moon") }
        let green = cells.count { $0 == "green rabbit" }
        #expect(green > 0 && green * 20 < tints.count)
    }

    @Test func aTenthOfThePairsIsHeldOut() {
        let distribution = Distribution()
        let cells = Tint.allCases.flatMap { tint in Kind.animals.map { "\(tint.rawValue) \($0.rawValue)" } }
        let missing = Set(cells.filter { distribution.weight(of: $0) == 0 })
        #expect((30...60).contains(missing.count))
        #expect(missing.isDisjoint(with: Self.draws.flatMap(\.scene.description.cells)))
    }

    @Test func someCaptionsAreWrongAndNoneWithoutNoise() throws {
        let noisy = try Self.draws.filter { try Scene.Description(parsing: $0.caption) != $0.scene.description }
        #expect((0.05...0.2).contains(Double(noisy.count) / Double(Self.draws.count)))
        var clean = Distribution()
        clean.noise = .none
        for index in 0..<1000 {
            let (caption, scene) = Menagerie.captionedScene(seed: 3, index: index, distribution: clean)
            #expect(try Scene.Description(parsing: caption) == scene.description)
        }
    }
}
