import ArgumentParser
import Foundation
import Pretraining
import ServiceRuntime

/// `atelier pretrain report`: the card of a trained model.
struct PretrainReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Measures a trained model and writes its card, README.md, into its folder.")

    @Argument(help: ArgumentHelp("The model's folder, or 'menagerie'.", valueName: "dir"))
    var folder: String
    @OptionGroup var compute: ComputeOptions
    @Option(help: "Pictures drawn for each skill.")
    var pictures = 120
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard pictures >= 2 else { throw ValidationError("--pictures \(pictures): at least 2 are needed") }
    }

    func run() async throws {
        compute.apply()
        let url = folder == ModelLocation.embedded ? try ModelLocation.folder(folder) : URL(filePath: folder)
        let card = try ModelCard(folder: url, pictures: pictures)
        try card.write()
        if json { try Output.json(card.measurements) }
    }
}
