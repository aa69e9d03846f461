import ArgumentParser
import Diffusion
import Foundation
import Imaging
import NeuralNet
import ServiceRuntime

/// `atelier inspect`: what a checkpoint, an adapter or a picture is.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Says what a checkpoint, an adapter or a picture is.",
        discussion: """
            A checkpoint: parts, parameters, element types, tensors that are missing or that no part has a place for, and
            the memory that drawing and training will need. Ends with code 1 if something is wrong with it.
            """)

    @Argument(help: "A folder, a safetensors file, or a PNG; 'menagerie' is the embedded model.")
    var path: String
    @Option(help: "Variant of the weights, for instance fp16 for files named *.fp16.safetensors.")
    var variant: String?
    @Option(help: "Height in pixels for the estimates; the model's own if not given.")
    var height: Int?
    @Option(help: "Width in pixels for the estimates; the model's own if not given.")
    var width: Int?
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        for (name, side) in [("height", height), ("width", width)] {
            if let side, side < 1 { throw ValidationError("--\(name) \(side): at least 1 is needed") }
        }
    }

    func run() async throws {
        let path = path == ModelLocation.embedded ? try ModelLocation.folder(path).path : path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ServiceError("\(path): there is no such file or folder")
        }
        let files = isFolder.boolValue ? Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []) : []
        if path.lowercased().hasSuffix(".png") {
            try inspectPicture(path)
        } else if files.contains("model_index.json") || files.contains("config.json") {
            try inspectCheckpoint(path)
        } else {
            try inspectAdapter(path)
        }
    }

    private func inspectCheckpoint(_ path: String) throws {
        let report = try CheckpointReport(folder: URL(filePath: path), variant: variant, height: height, width: width)
        if json {
            try Output.json(report)
        } else {
            for line in CheckpointText(report).lines { Output.line(line) }
        }
        if let fault = report.firstFault { throw ServiceError(fault) }
    }

    private struct AdapterReport: Encodable {
        struct Component: Encodable {
            var name: String
            var layers: Int
            var parameters: Int
            var ranks: [Int]
            var alphas: [Float]
            var targets: [String]
        }

        var kind = "adapter"
        var path: String
        var format: String
        var parameters: Int
        var components: [Component]
    }

    private func inspectAdapter(_ path: String) throws {
        let set = try AdapterSet(path: path)
        let report = AdapterReport(
            kind: set.unet == nil ? "adapter" : "unet", path: path, format: set.format.rawValue,
            parameters: set.parameterCount,
            components: set.components.sorted { $0.key.rawValue < $1.key.rawValue }.map { component, modules in
                AdapterReport.Component(
                    name: component.rawValue, layers: modules.count,
                    parameters: modules.values.reduce(0) { $0 + $1.down.count + $1.up.count },
                    ranks: Set(modules.values.map(\.rank)).sorted(), alphas: Set(modules.values.map(\.alpha)).sorted(),
                    targets: Self.targets(modules.keys))
            })
        if json {
            try Output.json(report)
            return
        }
        let what = set.unet == nil ? "LoRA adapter (\(report.format))" : "whole UNet"
        Output.line("\(what), \(Figures.grouped(report.parameters)) parameters")
        for part in report.components {
            Output.line(
                "  \(part.name): \(part.layers) layers, rank \(part.ranks.map(String.init).joined(separator: ", ")), alpha "
                    + "\(part.alphas.map { "\($0)" }.joined(separator: ", ")): \(part.targets.joined(separator: ", "))")
        }
    }

    /// The last names of layers' paths, with the number after `to_out` and the like.
    private static func targets(_ paths: some Sequence<String>) -> [String] {
        let names = paths.map { path in
            let parts = path.split(separator: ".")
            return parts.suffix(Int(parts.last ?? "") == nil ? 1 : 2).joined(separator: ".")
        }
        return Set(names).sorted()
    }

    private struct PictureReport: Encodable {
        var kind = "picture"
        var path: String
        var width: Int
        var height: Int
        var texts: [String: String]
    }

    private func inspectPicture(_ path: String) throws {
        let picture = try Picture(file: path)
        let texts = try Picture.texts(ofPNGFile: path)
        if json {
            try Output.json(PictureReport(path: path, width: picture.width, height: picture.height, texts: texts))
            return
        }
        Output.line("picture of \(picture.width)×\(picture.height)")
        for (keyword, text) in texts.sorted(by: { $0.key < $1.key }) { Output.line("\(keyword): \(text)") }
    }
}
