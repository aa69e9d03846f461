import ArgumentParser
import Foundation
import Pretraining
import ServiceRuntime
import TensorCore

/// `atelier pretrain`: trains the embedded world's model from scratch.
struct PretrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pretrain", abstract: "Trains a model of the embedded world from scratch.",
        discussion: """
            First the auto-encoder, then the model over its latents, then the card:
              atelier pretrain vae --out DIR; atelier pretrain model --out DIR; atelier pretrain report DIR
            A stopped training goes on from its last save when it is started again with the same recipe.
            """,
        subcommands: [PretrainVAE.self, PretrainModel.self, PretrainReward.self, PretrainReport.self])
}

/// What both trainings take.
struct PretrainOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The model's folder, made if missing.", valueName: "dir"))
    var out: String
    @Option(help: "Optimiser steps in all; the recipe's if not given.")
    var steps: Int?
    @Option(help: ArgumentHelp("A recipe in JSON, read over the defaults.", valueName: "file"))
    var config: String?
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): at least one is needed") }
    }

    var folder: URL { URL(filePath: out) }

    func recipe<Recipe: Codable>(over defaults: Recipe) throws -> Recipe {
        guard let config else { return defaults }
        return try RecipeFile.read(config, over: defaults)
    }
}

/// `atelier pretrain vae`: the auto-encoder.
struct PretrainVAE: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vae", abstract: "Trains the auto-encoder on fresh renders; writes DIR/vae.")

    @OptionGroup var options: PretrainOptions

    func run() async throws {
        var recipe = try options.recipe(over: VAETraining.Configuration())
        recipe.steps = options.steps ?? recipe.steps
        options.compute.apply()
        try VAETraining(recipe, folder: options.folder.appending(path: "vae")).run()
    }
}

/// `atelier pretrain model`: text encoder and UNet.
struct PretrainModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Trains text encoder and unet over the latents of DIR/vae; writes the rest of DIR.")

    @OptionGroup var options: PretrainOptions

    func run() async throws {
        var recipe = try options.recipe(over: ModelTraining.Configuration())
        recipe.steps = options.steps ?? recipe.steps
        options.compute.apply()
        try ModelTraining(recipe, folder: options.folder).run()
    }
}
