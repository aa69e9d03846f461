import Foundation
import Imaging
import Menagerie
import Rewards
import Testing

@Suite struct RewardTests {
    @Test(arguments: [
        ("checker", "checker:graded"), ("checker:success", "checker:success"), ("checker:color", "checker:color"),
        ("jpeg-compressibility", "jpeg-compressibility?quality=95"),
        ("jpeg-incompressibility?quality=80", "jpeg-incompressibility?quality=80"),
    ])
    func aSpecificationIsReadAndSpeltOut(_ text: String, _ full: String) throws {
        let configuration = try RewardConfiguration(text)
        #expect(configuration.specification == full)
        #expect(try RewardConfiguration(full) == configuration)
        let data = try JSONEncoder().encode([configuration])
        #expect(try JSONDecoder().decode([RewardConfiguration].self, from: data) == [configuration])
        let identity = try configuration.makeModel().identity
        #expect(identity.id == full && identity.version.count == 64)
    }

    @Test(arguments: [
        ("beauty", "checker, jpeg-compressibility, jpeg-incompressibility, png-compressibility"),
        ("", "there is no reward"),
        ("checker:beauty", "graded, success, kind, count, color, relation, ground"),
        ("checker?quality=3", "no setting \"quality\""), ("jpeg-compressibility:fast", "stands alone"),
        ("jpeg-compressibility?quality=0", "1...100"), ("jpeg-compressibility?quality=best", "1...100"),
        ("jpeg-compressibility?size=3", "it has: quality"), ("jpeg-compressibility?quality", "key=value"),
        ("jpeg-compressibility?quality=1&quality=2", "key=value"),
    ])
    func aWrongSpecificationIsRefusedInOneLineWithTheChoices(_ text: String, _ reason: String) {
        let error = #expect(throws: RewardError.self) { try RewardConfiguration(text) }
        #expect(error?.message.contains(reason) == true && error?.message.contains("\n") == false)
    }

    @Test func theVersionChangesWithTheSettingsOnly() throws {
        let texts = ["checker", "checker:success", "jpeg-compressibility", "jpeg-compressibility?quality=94"]
        let versions = try texts.map { try RewardConfiguration($0).makeModel().identity.version }
        #expect(Set(versions).count == texts.count)
        #expect(versions == (try texts.map { try RewardConfiguration($0).makeModel().identity.version }))
    }

    @Test func theVersionIsTheDigestOfItsParts() {
        // printf 'x\nrevision 2\n1\nA' | sha256sum
        let identity = RewardIdentity(id: "x", revision: 2, weights: [[65]])
        #expect(identity.version == "56a0fad4347c8545e09e4fed04a442f0e97731af7a1a7c4d1f24d2329161e04a")
    }

    @Test func compressibilityIsTheNegatedSizeAboveTheFloorInKilobytes() throws {
        let white = Picture(width: 64, height: 64, red: 255, green: 255, blue: 255)
        let noise = ImagingFixture.picture("noise", side: 64)
        let pictures = [white, noise]
        let small = try FileSizeReward(favoursSmall: true).score(pictures, prompts: ["", ""])
        let large = try FileSizeReward(favoursSmall: false).score(pictures, prompts: ["", ""])
        #expect(small == [.value(0, detail: ["bytes": 691]), .value(-(5448 - 691) / 1000, detail: ["bytes": 5448])])
        #expect(large.map(\.value) == small.map { $0.value.map { $0 == 0 ? 0 : -$0 } })
    }

    @Test func theCheckerScoresEachPictureForItsPrompt() throws {
        let rabbit = try Scene.Description(parsing: "a green rabbit")
        let picture = Renderer.render(Scene(rabbit, seed: 1))
        let prompts = ["a green colored rabbit", "a red rabbit", "a rabbit and a cup", "A green rabbit."]
        let small = Picture(width: 32, height: 32, red: 0, green: 0, blue: 0)
        let scores = try CheckerReward().score([picture, picture, picture, small], prompts: prompts)
        let values = scores.map(\.value)
        #expect((values[0] ?? 0) > 0.95 && (values[1] ?? 1) < 0.75)
        #expect(scores[2] == .invalid("the prompt \"a rabbit and a cup\" has a word Menagerie does not know: cup"))
        #expect(scores[3] == .invalid("the checker judges pictures of 64x64, not 32x32"))

        let successes = try CheckerReward(.success).score([picture, picture], prompts: Array(prompts.prefix(2)))
        #expect(successes.map(\.value) == [1, 0])
        let relation = try CheckerReward(.relation).score([picture], prompts: ["a green rabbit"])
        #expect(relation == [.invalid("the prompt \"a green rabbit\" claims no relation")])
    }
}
