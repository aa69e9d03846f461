import ArgumentParser
import Foundation
import Pretraining
import Rewards
import ServiceRuntime

/// `atelier pretrain reward`: a proxy reward of the embedded world.
struct PretrainReward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward",
        abstract: "Trains a proxy reward on fresh renders: a judge with faults, to be over-optimised.",
        discussion: """
            two-tower   a small CLIP, blind to numbers and relations: clip-score?model=DIR
            preference  a small ImageReward, taught by noisy preferences: imagereward?model=DIR
            aesthetic   a head that pays for the background: aesthetic?model=TOWER&head=DIR/head.safetensors
            Other seeds and widths make an ensemble: --config with {"seed": 2, "width": 96} in a file. What a reward sees and what
            it does not is measured by atelier evaluate sensitivity.
            """)

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case twoTower = "two-tower"
        case preference, aesthetic
    }

    @OptionGroup var options: PretrainOptions
    @Option(help: "two-tower, preference or aesthetic; the recipe's, or two-tower, if not given.")
    var kind: Kind?
    @Option(help: ArgumentHelp("The model whose picture tower an aesthetic head sits on.", valueName: "dir"))
    var tower = "menagerie/two-tower"
    @Option(help: "Instead of the recipe's.")
    var seed: UInt64?

    func run() async throws {
        if kind == .aesthetic { return try trainHead() }
        var recipe = try options.recipe(over: RewardTraining.Configuration())
        recipe.kind = kind.flatMap { RewardTraining.Kind(rawValue: $0.rawValue) } ?? recipe.kind
        recipe.steps = options.steps ?? recipe.steps
        recipe.seed = seed ?? recipe.seed
        guard recipe.width > 0, recipe.width % 32 == 0, recipe.textWidth > 0, recipe.textWidth % 32 == 0 else {
            throw ServiceError("width and textWidth need to be multiples of 32, the width of a head", exitCode: .usage)
        }
        guard recipe.batch >= 2, recipe.steps >= 1, recipe.saveEvery >= 1 else {
            throw ServiceError("batch needs to be 2 or more, steps and saveEvery 1 or more", exitCode: .usage)
        }
        options.compute.apply()
        let base = try ModelLocation.folder(ModelLocation.embedded)
        try RewardTraining(recipe, folder: options.folder).run(base: base)
    }

    private func trainHead() throws {
        guard options.steps == nil else {
            throw ServiceError(
                "--steps: an aesthetic head is fitted at once; set pictures in --config", exitCode: .usage)
        }
        var recipe = try options.recipe(over: AestheticTraining.Configuration())
        recipe.seed = seed ?? recipe.seed
        guard recipe.pictures >= 2, recipe.ridge > 0 else {
            throw ServiceError("pictures needs to be 2 or more, ridge more than 0", exitCode: .usage)
        }
        options.compute.apply()
        let place: URL
        do { place = try EmbeddedRewards.locate(tower) } catch {
            throw ServiceError(error.message, exitCode: .usage)
        }
        try AestheticTraining(recipe, folder: options.folder).run(tower: place)
    }
}
