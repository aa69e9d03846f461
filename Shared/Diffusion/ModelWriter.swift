import Autograd
import Foundation
import TensorCore

/// Writes one component of a checkpoint in the diffusers layout.
public struct ModelWriter {
    public let folder: URL

    public init(folder: URL) { self.folder = folder }

    /// Writes `config.json` and the weights.
    ///
    /// `className` is what diffusers instantiates, for instance `UNet2DConditionModel`; `name` is the file of the weights
    /// without its extension. The folder is made if it is not there.
    ///
    /// - Throws: errors of the file system and of the encoder.
    public func write(
        _ configuration: some Encodable, className: String, weights: [(path: String, value: Tensor)], name: String,
        elementType: SafeTensorsWriter.ElementType = .f16
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let encoded = try JSONEncoder().encode(configuration)
        var object = try JSONSerialization.jsonObject(with: encoded) as? [String: Any] ?? [:]
        // diffusers names the class with an underscore; transformers lists architectures.
        if className.hasPrefix("CLIP") {
            object["architectures"] = [className]
        } else {
            object["_class_name"] = className
        }
        let json = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        try json.write(to: folder.appending(path: "config.json"), options: .atomic)
        let tensors = Dictionary(uniqueKeysWithValues: weights.map { ($0.path, $0.value) })
        try SafeTensorsWriter(elementType: elementType).write(
            tensors, to: folder.appending(path: "\(name).safetensors").path)
    }
}
