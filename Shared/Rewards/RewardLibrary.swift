import Autograd
import Encoders
import Foundation
import TensorCore

/// The towers that have been read, so that rewards of one folder share them.
///
/// Used from one task, while rewards are made.
public final class RewardLibrary {
    private var clips: [String: (PictureEmbedder, Int)] = [:]
    private var towers: [String: PictureEmbedder] = [:]
    private var texts: [String: TextEmbedder] = [:]
    private var digests: [String: [UInt8]] = [:]

    public init() {}

    /// Every file of a model's folder that can change a score.
    ///
    /// - Throws: `RewardError` naming the folder or a pickle in it.
    func digest(of model: TransformersFolder) throws -> [UInt8] {
        let folder = model.url
        if let known = digests[folder.path] { return known }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().filter {
            name in
            ["safetensors", "json", "txt"].contains(URL(filePath: name).pathExtension)
        }
        try Self.requireModel(model)
        let digest = try RewardIdentity.digest(names.map { folder.appending(path: $0) })
        digests[folder.path] = digest
        return digest
    }

    /// Refuses a folder that is not laid out as a model's.
    ///
    /// - Throws: `RewardError` naming the folder or a pickle in it.
    static func requireModel(_ model: TransformersFolder) throws {
        let place = model.url.path
        let configuration = model.url.appending(path: "config.json").path
        guard !FileManager.default.fileExists(atPath: configuration), !model.isOpenCLIP else { return }
        do { _ = try model.archive() } catch let error as SafeTensorsError where error.code == .malformed {
            // There are weights, as a pickle.
            throw error
        } catch {}
        throw RewardError(
            code: .badModel,
            message: "\(place): there is no config.json; a transformers model folder, or one with OpenCLIP's "
                + "weights as safetensors, is needed")
    }

    /// CLIP's picture tower, and the width of its embeddings.
    func clip(
        _ folder: TransformersFolder, _ precision: ComputePrecision
    ) throws -> (pictures: PictureEmbedder, width: Int) {
        let key = "\(folder.url.path) \(precision)"
        if let known = clips[key] { return known }
        let encoder = try CLIPVisionEncoder(folder, precision: precision)
        let standard = PictureProcessor.clip(side: encoder.configuration.imageSize)
        let embedder = PictureEmbedder(try PictureProcessor.read(folder.url, standard: standard)) { pixels in
            let output = encoder(pixels)
            return output.imageEmbeddings ?? output.pooled
        }
        clips[key] = (embedder, encoder.configuration.projectionSize)
        return (embedder, encoder.configuration.projectionSize)
    }

    private func tower(
        _ kind: String, _ folder: TransformersFolder, _ precision: ComputePrecision,
        _ make: () throws -> PictureEmbedder
    ) throws -> PictureEmbedder {
        let key = "\(kind) \(folder.url.path) \(precision)"
        if let known = towers[key] { return known }
        let made = try make()
        towers[key] = made
        return made
    }

    /// ALIGN's picture tower.
    func align(_ folder: TransformersFolder, _ precision: ComputePrecision) throws -> PictureEmbedder {
        try tower("align", folder, precision) {
            let encoder = try EfficientNet(folder, precision: precision)
            return PictureEmbedder(try PictureProcessor.read(folder.url, standard: .align)) {
                encoder($0).imageEmbeddings
            }
        }
    }

    /// A vision transformer's class token: DINO's feature.
    func dino(_ folder: TransformersFolder, _ precision: ComputePrecision) throws -> PictureEmbedder {
        try tower("dino", folder, precision) {
            let encoder = try ViTEncoder(folder, precision: precision)
            let standard = PictureProcessor.dino(side: encoder.configuration.imageSize)
            return PictureEmbedder(try PictureProcessor.read(folder.url, standard: standard)) { pixels in
                let states = encoder(pixels).lastHiddenState
                let (samples, tokens) = (states.shape[0], states.shape[1])
                return states.reshaped([samples * tokens, states.shape[2]]).gathering(
                    (0..<samples).map { $0 * tokens })
            }
        }
    }

    /// The text tower of CLIP or ALIGN.
    func texts(
        _ folder: TransformersFolder, isALIGN: Bool, _ precision: ComputePrecision, truncates: Bool
    ) throws -> TextEmbedder {
        let key = "\(folder.url.path) \(precision) \(truncates)"
        if let known = texts[key] { return known }
        let tokenizer = try makeTokenizer(folder: Self.tokenizer(folder))
        let embedder: TextEmbedder
        if isALIGN {
            let encoder = try BERTEncoder(folder, precision: precision)
            // What ALIGN was trained with: 64 tokens.
            let limit = min(tokenizer.maximumLength ?? 64, encoder.configuration.maxPositions)
            embedder = TextEmbedder(tokenizer, limit: limit, truncates: truncates) { tokens in
                let output = encoder(BERTEncoder.Input(tokens))
                return output.textEmbeddings ?? output.first
            }
        } else {
            let encoder = try CLIPTextEncoder(folder, precision: precision)
            let limit = encoder.configuration.maxPositions
            embedder = TextEmbedder(tokenizer, limit: limit, truncates: truncates) { tokens in
                let output = encoder(tokens)
                return output.textEmbeddings ?? output.pooled
            }
        }
        texts[key] = embedder
        return embedder
    }

    /// ImageReward, in BLIP's layout of transformers or in that of its own file, with `mlp.layers.N` beside BLIP or in a file.
    func imageReward(
        _ identity: RewardIdentity, _ folder: TransformersFolder, head: URL?, _ precision: ComputePrecision,
        truncates: Bool
    ) throws -> ImageReward {
        let encoder = try ViTEncoder(folder, precision: precision)
        let reader = try BERTEncoder(folder, precision: precision)
        guard reader.configuration.contextWidth == encoder.configuration.hiddenSize else {
            throw RewardError(
                code: .badModel,
                message: "\(folder.url.path): the text tower does not attend to pictures of width "
                    + "\(encoder.configuration.hiddenSize) (encoder_hidden_size)")
        }
        let standard = PictureProcessor.clip(side: encoder.configuration.imageSize)
        let pictures = PictureEmbedder(try PictureProcessor.read(folder.url, standard: standard)) {
            encoder($0).lastHiddenState
        }
        let file = try head.map { try SafeTensorsArchive(path: $0.path) } ?? folder.archive()
        let prefix = file.keys.contains { $0.hasPrefix("mlp.layers.") } ? "mlp.layers" : "layers"
        return ImageReward(
            identity, pictures, reader, try makeTokenizer(folder: Self.tokenizer(folder)),
            try AffineHead(file, prefix: prefix, width: reader.configuration.hiddenSize), truncates: truncates)
    }

    /// The tokenizer's folder: the model's, or the one below it.
    static func tokenizer(_ folder: TransformersFolder) -> String {
        let below = folder.url.appending(path: "tokenizer").path
        return FileManager.default.fileExists(atPath: below) ? below : folder.url.path
    }
}
