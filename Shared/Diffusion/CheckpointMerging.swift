import Foundation
import NeuralNet
import TensorCore

/// Writes a checkpoint whose weights have an adapter merged into them.
public struct CheckpointMerging {
    /// The checkpoint's folder.
    public let source: URL
    /// Which variant of the weights.
    public let variant: String?
    /// How merged weights are written; `nil` is as each file has them.
    public let elementType: SafeTensorsWriter.ElementType?

    public init(source: URL, variant: String? = nil, elementType: SafeTensorsWriter.ElementType? = nil) {
        (self.source, self.variant, self.elementType) = (source, variant, elementType)
    }

    /// Copies the checkpoint and replaces the weights of the components that the adapter changes by one file each.
    ///
    /// What is written appears under its name when it is whole.
    ///
    /// - Parameters:
    ///   - adapter: the updates.
    ///   - factor: how much of them.
    ///   - target: a folder that does not exist.
    /// - Throws: ``ModelError`` and errors of the files, each naming the file; then nothing is left behind.
    public func write(_ adapter: AdapterSet, factor: Float, to target: URL) throws {
        let partial = target.deletingLastPathComponent()
            .appending(path: ".\(target.lastPathComponent).\(getpid()).partial")
        do {
            try FileManager.default.copyItem(at: source, to: partial)
            for (component, deltas) in adapter.deltas(factor: factor).sorted(by: { $0.key.rawValue < $1.key.rawValue })
            {
                try merge(component, deltas, into: partial.appending(path: component.rawValue))
            }
            try FileManager.default.moveItem(at: partial, to: target)
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
    }

    private func merge(_ component: AdapterComponent, _ deltas: AdapterDeltas, into folder: URL) throws {
        let name = component == .unet ? "diffusion_pytorch_model" : "model"
        let origin = source.appending(path: component.rawValue)
        guard FileManager.default.fileExists(atPath: origin.path) else {
            throw ModelError(path: origin.path, reason: "the adapter changes it, but the checkpoint has no such part")
        }
        let archive = try SafeTensorsArchive(folder: origin.path, name: name, variant: variant)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where file.hasPrefix(name) && (file.hasSuffix(".safetensors") || file.contains(".safetensors.index.")) {
            try FileManager.default.removeItem(at: folder.appending(path: file))
        }
        let type = try elementType ?? Self.elementType(of: archive)
        try SafeTensorsWriter(elementType: type).write(
            // Position numbers of old text encoders are no weights, and nobody misses them.
            keys: archive.keys.filter { !$0.hasSuffix("position_ids") }
                .map { (key: $0, shape: archive.shape(of: $0) ?? []) },
            to: folder.appending(path: "\(name).safetensors").path
        ) { key in try deltas.merged(try archive.tensor(named: key), path: key) }
        try deltas.requireAllMerged()
    }

    private static func elementType(of archive: SafeTensorsArchive) throws -> SafeTensorsWriter.ElementType {
        let types = Set(archive.keys.compactMap { archive.elementType(of: $0) })
        if types == ["F16"] { return .f16 }
        return types == ["BF16"] ? .bf16 : .f32
    }
}
