import ArgumentParser
import Foundation
import NeuralNet
import ServiceRuntime

extension AdapterFormat: ExpressibleByArgument {}

/// `atelier export`: an adapter in another format.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a LoRA adapter in another format.",
        discussion: """
            peft        a folder, with one folder for each part if the adapter changes several
            diffusers   pytorch_lora_weights.safetensors, for load_lora_weights
            kohya       one file for A1111, ComfyUI and kohya's scripts
            A path without .safetensors is a folder.
            """)

    @Option(help: ArgumentHelp("The adapter, in any of the three formats.", valueName: "path"))
    var adapter: String
    @Option(help: "peft, diffusers or kohya.")
    var format: AdapterFormat
    @Option(
        name: [.customLong("adapter-scale"), .customLong("scale")],
        help: "What the update is multiplied by.")
    var scale: Float = 1
    @Option(help: ArgumentHelp("The file or folder to write.", valueName: "path"))
    var out: String
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard scale.isFinite else { throw ValidationError("--adapter-scale: a finite number is needed") }
        if format == .peft, out.hasSuffix(".safetensors") {
            throw ValidationError("--out \(out): PEFT's format is a folder")
        }
    }

    private struct Report: Encodable {
        var files: [String]
        var format: String
        var layers: Int
        var parameters: Int
    }

    func run() async throws {
        let set = try AdapterSet(path: adapter).scaled(scale)
        guard set.unet == nil else {
            throw ServiceError(
                "\(adapter): this is a whole UNet, no adapter; `atelier merge` writes a checkpoint with it",
                exitCode: .refused)
        }
        let files = try set.write(format, to: out)
        if json {
            try Output.json(
                Report(
                    files: files, format: format.rawValue,
                    layers: set.layerCount, parameters: set.parameterCount))
        }
    }
}
