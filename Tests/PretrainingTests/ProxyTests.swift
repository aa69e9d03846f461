import Foundation
import Imaging
import Menagerie
import Rewards
import TensorCore
import Testing

@testable import Pretraining

/// Proxy rewards: their losses, their training, and those that the repository carries.
struct ProxyTests {
    @Test func theContrastiveLossHasItsDerivatives() {
        let pictures = Noise(seed: 1, purpose: .parameters).gaussian(shape: [3, 4])
        let texts = Noise(seed: 2, purpose: .parameters).gaussian(shape: [3, 4])
        let loss = ContrastiveLoss(pictures, texts, scale: 5)
        for (own, gradient, isPicture) in [(pictures, loss.pictureGradient, true), (texts, loss.textGradient, false)] {
            for index in 0..<12 {
                func moved(_ step: Float) -> Double {
                    var scalars = own.scalars
                    scalars[index] += step
                    let tensor = Tensor(scalars, shape: own.shape)
                    return isPicture
                        ? ContrastiveLoss(tensor, texts, scale: 5).value
                        : ContrastiveLoss(pictures, tensor, scale: 5).value
                }
                let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2
                #expect(abs(difference - Double(gradient.scalars[index])) < 2e-3)
            }
        }
    }

    @Test func preferencesLoseByHowFarTheWorseIsAhead() {
        let answers = [PreferenceAnswer(better: 0, worse: 1), PreferenceAnswer(better: 2, worse: 1)]
        let scores = [1.0, 3.0, 900.0]
        let (value, gradient) = PreferenceAnswer.loss(answers, scores)
        // (log(1 + e²) + 0) / 2, and -σ(2) / 2 for the first.
        #expect(abs(value - 1.063464) < 1e-6)
        #expect(abs(gradient[0] + 0.440399) < 1e-6)
        #expect(abs(gradient[1] - 0.440399) < 1e-6)
        #expect(gradient[2] == 0)
    }

    @Test func theRidgeFindsTheAffineMapThatMadeTheNumbers() {
        // Three frequencies, none of which is made of the others.
        let rows = (0..<40).map { row in [0.7, 1.9, 2.6].map { sin($0 * Double(row)) } }
        let targets = rows.map { 2 * $0[0] - 3 * $0[1] + 0.5 * $0[2] + 7 }
        let fit = RidgeRegression(rows, targets, ridge: 1e-12)
        for (found, made) in zip(fit.weights + [fit.bias], [2, -3, 0.5, 7]) { #expect(abs(found - made) < 1e-6) }
        // A heavy ridge leaves the mean.
        let flat = RidgeRegression(rows, targets, ridge: 1e9)
        #expect(abs(flat.bias - targets.reduce(0, +) / 40) < 1e-6)
    }

    @Test(arguments: RewardTraining.Kind.allCases)
    func aTrainingThatStoppedGoesOnToTheSameModel(kind: RewardTraining.Kind) throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "proxy-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        var recipe = RewardTraining.Configuration()
        recipe.kind = kind
        (recipe.width, recipe.layers, recipe.textWidth, recipe.textLayers) = (32, 1, 32, 1)
        (recipe.batch, recipe.steps, recipe.saveEvery, recipe.warmup) = (4, 4, 2, 1)
        let base = Self.base
        try RewardTraining(recipe, folder: place.appending(path: "whole")).run(base: base)
        let broken = place.appending(path: "broken")
        // Only half of the steps, on the schedule of all of them: the state of a training that was killed.
        try RewardTraining(recipe, folder: broken).run(base: base, until: 2)
        try RewardTraining(recipe, folder: broken).run(base: base)
        func weights(_ name: String) throws -> Data {
            try Data(contentsOf: place.appending(path: "\(name)/model.safetensors"))
        }
        #expect(try weights("whole") == weights("broken"))
        let word = kind == .twoTower ? "clip-score" : "imagereward"
        let model = try RewardConfiguration("\(word)?model=\(broken.path)").makeModel()
        let example = Menagerie.example(seed: 5, index: 0)
        #expect(try model.score([example.picture], prompts: [example.caption])[0].value != nil)
    }

    /// What each card says, on fewer scenes.
    @Test(arguments: [
        ("clip-score?model=menagerie/two-tower", ["kind": 0.9...1, "color": 0.8...1, "number": 0.3...0.7]),
        ("imagereward?model=menagerie/preference", ["kind": 0.8...1, "color": 0.8...1, "ground": 0.8...1]),
        (
            "aesthetic?model=menagerie/two-tower&head=menagerie/aesthetic/head.safetensors",
            ["kind": 0.5...0.5, "number": 0.5...0.5]
        ),
    ])
    func anEmbeddedProxySeesWhatItsCardSays(specification: String, shares: [String: ClosedRange<Double>]) throws {
        let model = try RewardConfiguration(specification).makeModel()
        let found = try RewardSensitivity(of: model, count: 60)
        for (attribute, range) in shares {
            #expect(range.contains(found.prompts[attribute] ?? -1), "\(attribute): \(found.prompts)")
        }
        if specification.hasPrefix("aesthetic") { #expect(found.groundRange > 1, "\(found.grounds)") }
    }

    private static var base: URL {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appending(path: "Shared/Menagerie/Base")
    }
}
