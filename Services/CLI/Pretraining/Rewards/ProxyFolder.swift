import Foundation
import Menagerie
import TensorCore

/// The folder of a proxy, as transformers lays it out.
struct ProxyFolder {
    let url: URL

    /// Weights as f16.
    func write(_ weights: [String: Tensor], _ name: String = "model.safetensors") throws {
        try SafeTensorsWriter(elementType: .f16).write(weights, to: url.appending(path: name).path)
    }

    /// Settings as readable JSON.
    func write(_ value: some Encodable, _ name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(value).write(to: url.appending(path: name), options: .atomic)
    }

    /// Options that no type of ours has.
    func write(options: [String: Any], _ name: String) throws {
        let data = try JSONSerialization.data(withJSONObject: options, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: url.appending(path: name), options: .atomic)
    }

    /// How pictures come to a tower: of Menagerie's size, -1 to 1.
    func writePreprocessor(_ type: String) throws {
        let half = [0.5, 0.5, 0.5]
        try write(
            options: [
                "image_processor_type": type, "do_resize": true, "size": ["shortest_edge": Menagerie.side],
                "resample": 3, "do_center_crop": true,
                "crop_size": ["height": Menagerie.side, "width": Menagerie.side], "do_rescale": true,
                "rescale_factor": 1.0 / 255, "do_normalize": true, "image_mean": half, "image_std": half,
            ], "preprocessor_config.json")
    }
}

/// The `config.json` of a model of two towers.
struct WholeConfiguration<Text: Encodable, Vision: Encodable>: Encodable {
    var architectures: [String]
    var modelType: String
    var projectionSize: Int?
    var text: Text
    var vision: Vision

    enum CodingKeys: String, CodingKey {
        case architectures
        case modelType = "model_type"
        case projectionSize = "projection_dim"
        case text = "text_config"
        case vision = "vision_config"
    }
}
