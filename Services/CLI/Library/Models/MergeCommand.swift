import ArgumentParser
import Diffusion
import Foundation
import NeuralNet
import ServiceRuntime
import TensorCore

/// `atelier merge`: a checkpoint with an adapter in its weights.
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Writes a checkpoint with an adapter merged into its weights.",
        discussion:
            "What the adapter does not change is copied. Weights keep their element type unless --dtype is given.")

    @OptionGroup var source: ModelOptions
    @Option(help: "Element type of the merged weights: f32, f16 or bf16; as they are if not given.")
    var dtype: StoredType?
    @Option(help: ArgumentHelp("The folder to write; it must not exist.", valueName: "dir"))
    var out: String
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    enum StoredType: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, bf16

        var elementType: SafeTensorsWriter.ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            }
        }
    }

    func validate() throws {
        guard source.adapter != nil else { throw ValidationError("--adapter: there is nothing to merge without one") }
    }

    private struct Report: Encodable {
        var out: String
        var layers: Int
        var components: [String]
    }

    func run() async throws {
        guard let adapter = try source.loadAdapter() else { return }
        let folder = try source.folder()
        guard !FileManager.default.fileExists(atPath: out) else {
            throw ServiceError("--out \(out): it exists already", exitCode: .usage)
        }
        let merging = CheckpointMerging(
            source: folder, variant: source.variant, elementType: dtype?.elementType)
        try merging.write(adapter, factor: source.adapterScale ?? 1, to: URL(filePath: out))
        if json {
            try Output.json(
                Report(
                    out: out, layers: adapter.layerCount, components: adapter.changed.map(\.rawValue).sorted()))
        }
    }
}
