import ArgumentParser
import Encoders
import Foundation
import ServiceRuntime

/// `atelier tokenize`: the tokens of texts, as the text encoder gets them.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Prints the tokens of texts as JSON: one list of numbers for each text.",
        discussion: "Each list is cut and padded to the tokenizer's length, as the text encoder gets it.")

    @Option(
        help: ArgumentHelp(
            "Folder of a model or of its tokenizer, or 'menagerie' for the embedded model.", valueName: "dir"))
    var model: String
    @Flag(help: "SDXL's second tokenizer.")
    var second = false
    @Option(help: "Tokens of a list; the tokenizer's own length if not given.")
    var length: Int?
    @Flag(inversion: .prefixedNo, help: "Whether to fill lists up to the length.")
    var pad = true
    @Argument(help: "The texts; write -- before the first one if it begins with a dash.")
    var texts: [String]

    func validate() throws {
        if let length, length < 2 { throw ValidationError("--length \(length): at least 2 are needed") }
    }

    func run() async throws {
        let tokenizer = try makeTokenizer(folder: try folder())
        let length = length ?? tokenizer.maximumLength ?? 77
        try Output.json(
            texts.map { pad ? tokenizer.encode($0, length: length) : tokenizer.encodeUnpadded($0, length: length) })
    }

    private func folder() throws -> String {
        if model == ModelLocation.embedded { return try ModelLocation.folder(model).appending(path: "tokenizer").path }
        let name = second ? "tokenizer_2" : "tokenizer"
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: "\(model)/\(name)", isDirectory: &isFolder), isFolder.boolValue {
            return "\(model)/\(name)"
        }
        return model
    }
}
