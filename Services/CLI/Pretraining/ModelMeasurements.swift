import Autograd
import Diffusion
import Foundation
import Imaging
import Menagerie
import TensorCore

/// What a trained model of the embedded world can do, as the checker sees it.
public struct ModelMeasurements: Encodable, Sendable {
    /// How often pictures of one set of prompts are right.
    public struct Accuracy: Encodable, Sendable {
        /// The set's name: a skill, or a prompt in quotes.
        public let name: String
        /// One of the prompts.
        public let example: String
        public let pictures: Int
        /// The share of pictures that are right in everything the prompt says.
        public let success: Double
        /// The share of pictures that are right in each skill that the prompts ask for.
        public let skills: [String: Double]

        /// Of `success`, from the binomial distribution.
        public var standardError: Double { (success * (1 - success) / Double(pictures)).squareRoot() }
    }

    /// Mean peak signal-to-noise ratio of the auto-encoder's reconstructions of fresh renders, in dB.
    public let reconstructionPSNR: Double
    public let reconstructions: Int
    public let sampling: SamplingSettings
    public let accuracies: [Accuracy]

    /// Draws `count` pictures for each set of prompts and judges them.
    ///
    /// - Parameters:
    ///   - model: the trained model.
    ///   - recipe: how it was trained: what it was shown, and how it draws.
    ///   - count: pictures for each set.
    ///   - progress: called with the number of sets done and their total.
    /// - Throws: `ModelError` if the recipe's sampler cannot make such a run.
    init(
        of model: StableDiffusion, recipe: ModelTraining.Configuration, count: Int,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws {
        reconstructions = 256
        reconstructionPSNR = Self.reconstructionPSNR(model.vae, count: reconstructions)
        sampling = recipe.sampling
        let sets = PromptSet.standard(count: count, distribution: recipe.distribution)
        var accuracies: [Accuracy] = []
        for (index, set) in sets.enumerated() {
            progress(index, sets.count)
            accuracies.append(try Self.accuracy(of: model, set, sampling: recipe.sampling, seed: UInt64(100 + index)))
        }
        progress(sets.count, sets.count)
        self.accuracies = accuracies
    }

    private static func accuracy(
        of model: StableDiffusion, _ set: PromptSet, sampling: SamplingSettings, seed: UInt64
    ) throws -> Accuracy {
        var (successes, right, asked) = (0, [String: Int](), [String: Int]())
        for first in stride(from: 0, to: set.claims.count, by: 24) {
            let claims = Array(set.claims[first..<min(first + 24, set.claims.count)])
            let pixels = try model.pictures(
                prompts: claims.map { $0.caption(set.style) }, seed: seed + UInt64(first) << 32, settings: sampling)
            for (picture, claim) in zip(Picture.pictures(pixels), claims) {
                let verdict = Verdict(picture, claim: claim)
                successes += verdict.success ? 1 : 0
                for (skill, judgement) in verdict.skills {
                    asked[skill.rawValue, default: 0] += 1
                    right[skill.rawValue, default: 0] += judgement.isRight ? 1 : 0
                }
            }
        }
        return Accuracy(
            name: set.name, example: set.claims[0].caption(set.style), pictures: set.claims.count,
            success: Double(successes) / Double(set.claims.count),
            skills: Dictionary(
                uniqueKeysWithValues: asked.map { ($0.key, Double(right[$0.key] ?? 0) / Double($0.value)) }))
    }

    private static func reconstructionPSNR(_ vae: VAE, count: Int) -> Double {
        var sum = 0.0
        for first in stride(from: 0, to: count, by: 16) {
            // A seed that no training uses.
            let fresh = (first..<min(first + 16, count)).map { Menagerie.example(seed: .max - 1, index: $0).picture }
            let pixels = Tensor(pictures: fresh)
            let output = vae.decode(vae.encode(Variable(pixels)).mean.detached).value
            sum += output.meanSquareDifferences(pixels).reduce(0) { $0 - 10 * log10($1 / 4) }
        }
        return sum / Double(count)
    }
}

/// Claims of one kind, to be drawn and judged.
struct PromptSet {
    let name: String
    let claims: [Scene.Description]
    var style = CaptionStyle()

    /// A set for each skill, of cells that the training shows, and DPOK's four prompts, of which it shows little.
    static func standard(count: Int, distribution: Distribution) -> [PromptSet] {
        var sets = [
            draw("kind", count, distribution) { Scene.Description([.init($0.animal())]) },
            draw("color", count, distribution) {
                Scene.Description([.init($0.animal(), tint: $0.pick(Tint.allCases))])
            },
            draw("count", count, distribution) {
                Scene.Description([.init($0.animal(), count: 2 + $0.below(Scene.Description.largestCount - 1))])
            },
            draw("two kinds", count, distribution) { Scene.Description($0.pair()) },
            draw("relation", count, distribution) {
                Scene.Description($0.pair(), relation: $0.pick(Relation.allCases))
            },
            draw("ground", count, distribution) {
                Scene.Description([.init($0.animal())], ground: $0.pick(Ground.allCases))
            },
        ]
        let prompts: [(String, Scene.Description)] = [
            ("\"a green colored rabbit\"", Scene.Description([.init(.rabbit, tint: .green)])),
            ("\"four wolves\"", Scene.Description([.init(.wolf, count: 4)])),
            ("\"a cat and a dog\"", Scene.Description([.init(.cat), .init(.dog)])),
            ("\"a dog on the moon\"", Scene.Description([.init(.dog)], ground: .moon)),
        ]
        for (name, claim) in prompts {
            sets.append(
                PromptSet(
                    name: name, claims: [Scene.Description](repeating: claim, count: count),
                    style: CaptionStyle(saysColored: true)))
        }
        return sets
    }

    private static func draw(
        _ name: String, _ count: Int, _ distribution: Distribution, _ claim: (inout Draw) -> Scene.Description
    ) -> PromptSet {
        var draw = Draw(
            generator: Noise(seed: 0, unit: UInt64(name.utf8.count), purpose: .prompt).makeGenerator(), animals: 0)
        var claims: [Scene.Description] = []
        while claims.count < count {
            let candidate = claim(&draw)
            if candidate.cells.allSatisfy({ distribution.weight(of: $0) == 1 }) { claims.append(candidate) }
        }
        return PromptSet(name: name, claims: claims)
    }

    /// Random choices, with the animals in turn, so that a set has as many of each as can be.
    private struct Draw {
        var generator: Noise.Generator
        var animals: Int

        mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

        mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

        mutating func animal() -> Kind {
            defer { animals += 1 }
            return Kind.animals[animals % Kind.animals.count]
        }

        mutating func pair() -> [Scene.Subject] {
            let first = animal()
            var second = pick(Kind.animals)
            while second == first { second = pick(Kind.animals) }
            return [.init(first), .init(second)]
        }
    }
}
