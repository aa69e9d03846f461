import ArgumentParser
import Foundation
import Pretraining
import ServiceRuntime

/// `atelier pretrain reward`: a proxy reward of the embedded world.
struct PretrainReward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward",
        abstract: "Trains a small CLIP on fresh renders; DIR is then a model of clip-score.",
        discussion: """
            It is blind to numbers and relations on purpose: a reward to be over-optimised. Other seeds and widths make an
            ensemble: --config '{"seed": 2, "width": 96}' in a file.
            """)

    @OptionGroup var options: PretrainOptions
    @Option(help: "Instead of the recipe's.")
    var seed: UInt64?

    func run() async throws {
        var recipe = try options.recipe(over: RewardTraining.Configuration())
        recipe.steps = options.steps ?? recipe.steps
        recipe.seed = seed ?? recipe.seed
        guard recipe.width % 32 == 0, recipe.textWidth % 32 == 0 else {
            throw ServiceError("width and textWidth need to be multiples of 32, the width of a head", exitCode: .usage)
        }
        options.compute.apply()
        let base = try ModelLocation.folder(ModelLocation.embedded)
        try RewardTraining(recipe, folder: options.folder).run(base: base)
    }
}
