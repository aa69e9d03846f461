import Imaging
import Menagerie
import Testing

@Suite struct CheckerTests {
    /// The shares of right verdicts over fresh scenes.
    private struct Tally {
        var success = 0
        var skills: [Skill: (right: Int, claimed: Int)] = [:]
        var contrasts = 0
        var accepted = 0
        var scores = 0.0
        let count: Int

        init(seed: UInt64, count: Int, picture: (Picture) -> Picture = { $0 }) {
            self.count = count
            for index in 0..<count {
                let example = Menagerie.example(seed: seed, index: index)
                let truth = example.scene.description
                let observation = Observation(picture(example.picture))
                let verdict = Verdict(observation, claim: truth)
                success += verdict.success ? 1 : 0
                scores += verdict.score
                for (skill, judgement) in verdict.skills {
                    skills[skill, default: (0, 0)].claimed += 1
                    skills[skill, default: (0, 0)].right += judgement.isRight ? 1 : 0
                }
                for contrast in truth.contrasts {
                    contrasts += 1
                    accepted += Verdict(observation, claim: contrast).success ? 1 : 0
                }
            }
        }

        var successRate: Double { Double(success) / Double(count) }
        var acceptedRate: Double { Double(accepted) / Double(contrasts) }
        func rate(_ skill: Skill) -> Double {
            skills[skill].map { Double($0.right) / Double($0.claimed) } ?? 0
        }
    }

    @Test func isRightOnNinetyNineOfAHundredFreshRenders() {
        let tally = Tally(seed: 1_001, count: 3000)
        #expect(tally.successRate >= 0.99)
        for skill in Skill.allCases { #expect(tally.rate(skill) >= 0.99, "\(skill)") }
        #expect(tally.acceptedRate <= 0.01)
        #expect(tally.scores / 3000 > 0.97)
    }

    @Test(arguments: [(Float(0.7), 0.99), (1, 0.98)])
    func isRightOnSoftAndNoisyPictures(_ sigma: Float, _ least: Double) {
        let tally = Tally(seed: 1_002, count: 1000) { $0.softened(sigma: sigma, noise: 4) }
        #expect(tally.successRate >= least)
        #expect(tally.acceptedRate <= 0.01)
    }

    @Test func judgesTheTargetsOfDPOK() throws {
        let prompts = ["a green colored rabbit", "four wolves in the park", "a cat and a dog", "a dog on the moon"]
        let claims = try prompts.map { try Scene.Description(parsing: $0) }
        for (index, truth) in claims.enumerated() {
            for seed in 0..<50 as Range<UInt64> {
                let observation = Observation(Renderer.render(Scene(truth, seed: seed)))
                for (other, claim) in claims.enumerated() {
                    #expect(Verdict(observation, claim: claim).success == (other == index), "\(prompts[index]) \(seed)")
                }
            }
        }
    }

    @Test func theScoreFallsAsAPictureLosesItsSubject() throws {
        let claim = try Scene.Description(parsing: "a green rabbit")
        let picture = Renderer.render(Scene(claim, seed: 4))
        let scores = [0.5, 2, 4, 8].map { Verdict(picture.softened(sigma: $0, noise: 2), claim: claim).score }
        #expect(scores[0] > 0.95 && scores[3] < scores[0] - 0.2, "\(scores)")
    }

    @Test func anEmptyPictureIsWrongAndNoCrash() throws {
        let claim = try Scene.Description(parsing: "a red cat above a blue dog on the moon")
        for level in [0, 128, 255] as [UInt8] {
            let verdict = Verdict(Picture(width: 64, height: 64, red: level, green: level, blue: level), claim: claim)
            #expect(!verdict.success && verdict.score < 0.3)
        }
        let noise = ImagingFixture.picture("noise", side: 64)
        #expect(!Verdict(noise, claim: claim).success)
    }

    @Test func findsEveryThingOnItsOwn() {
        for index in 0..<2000 {
            let example = Menagerie.example(seed: 1_003, index: index)
            let expected = example.scene.description.subjects.reduce(0) { $0 + $1.count }
            let seen = Observation(example.picture).things.count
            if seen != expected {
                Issue.record("\(example.scene.description.caption()): saw \(seen) things")
            }
        }
    }
}
