import Foundation
import TensorCore

/// A CLIP in OpenCLIP's names: weights without transformers' `config.json`, as HPS v2 is published.
///
/// The sizes are those of the tensors. `open_clip_config.json` tells heads and activation; without it they are those of
/// OpenCLIP's models (64 channels a head, in wide picture towers 16 heads; GELU).
struct OpenCLIPFolder {
    let vision: CLIPVisionConfiguration
    let text: CLIPTextConfiguration

    private struct File: Decodable {
        struct Model: Decodable {
            struct Tower: Decodable {
                var heads: Int?
                var headWidth: Int?

                enum CodingKeys: String, CodingKey {
                    case heads
                    case headWidth = "head_width"
                }
            }

            var usesQuickGELU: Bool?
            var vision: Tower?
            var text: Tower?

            enum CodingKeys: String, CodingKey {
                case usesQuickGELU = "quick_gelu"
                case vision = "vision_cfg"
                case text = "text_cfg"
            }
        }

        let model: Model

        enum CodingKeys: String, CodingKey { case model = "model_cfg" }
    }

    /// `nil` for a folder of transformers.
    ///
    /// - Throws: errors that name the file.
    init?(_ folder: TransformersFolder) throws {
        guard folder.isOpenCLIP else { return nil }
        let archive = try folder.archive()
        let path = folder.url.appending(path: "open_clip_config.json").path
        var file: File?
        if let data = FileManager.default.contents(atPath: path) {
            do { file = try JSONDecoder().decode(File.self, from: data) } catch {
                throw EncoderError(path: path, reason: "it is not the configuration of an OpenCLIP model")
            }
        }
        let activation = file?.model.usesQuickGELU == true ? "quick_gelu" : "gelu"
        func shape(_ name: String, _ rank: Int) throws(EncoderError) -> [Int] {
            guard let shape = archive.shape(of: name), shape.count == rank else {
                throw EncoderError(
                    path: archive.path, reason: "'\(name)' of \(rank) axes is missing: this is no CLIP of OpenCLIP's")
            }
            return shape
        }
        func layers(_ prefix: String) -> Int {
            archive.keys.count { $0.hasPrefix("\(prefix)transformer.resblocks.") && $0.hasSuffix(".ln_1.weight") }
        }

        var vision = CLIPVisionConfiguration()
        let patches = try shape("visual.conv1.weight", 4)
        let places = try shape("visual.positional_embedding", 2)[0] - 1
        vision.hiddenSize = patches[0]
        (vision.channels, vision.patchSize) = (patches[1], patches[3])
        vision.imageSize = patches[3] * Int(Double(places).squareRoot().rounded())
        vision.layers = layers("visual.")
        vision.intermediateSize = try shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2)[0]
        vision.projectionSize = try shape("visual.proj", 2)[1]
        let usual = vision.hiddenSize > 1024 ? 16 : vision.hiddenSize / 64
        vision.heads = file == nil ? usual : vision.hiddenSize / (file?.model.vision?.headWidth ?? 64)
        vision.activation = activation
        try vision.settle()
        self.vision = vision

        var text = CLIPTextConfiguration()
        let tokens = try shape("token_embedding.weight", 2)
        (text.vocabularySize, text.hiddenSize) = (tokens[0], tokens[1])
        (text.beginOfTextToken, text.endOfTextToken) = (tokens[0] - 2, tokens[0] - 1)
        text.maxPositions = try shape("positional_embedding", 2)[0]
        text.layers = layers("")
        text.intermediateSize = try shape("transformer.resblocks.0.mlp.c_fc.weight", 2)[0]
        text.projectionSize = try shape("text_projection", 2)[1]
        text.hasProjection = true
        text.heads = file?.model.text?.heads ?? text.hiddenSize / 64
        text.activation = activation
        self.text = text
    }
}
