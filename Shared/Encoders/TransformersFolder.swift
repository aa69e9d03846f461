public import Foundation
public import NeuralNet
public import TensorCore

/// A model's folder as transformers writes it: `config.json` beside safetensors.
///
/// The folder of a whole model (CLIP, BLIP, ALIGN) holds the towers' configurations under `text_config` and `vision_config`;
/// each tower can be loaded from it as from a folder of its own.
public struct TransformersFolder: Sendable {
    /// A tower of a whole model.
    public enum Tower: String, Sendable {
        case text = "text_config"
        case vision = "vision_config"
    }

    public let url: URL
    /// Which variant of the weights; `nil` is that without a name, or the only one.
    public var variant: String?

    public init(_ url: URL, variant: String? = nil) {
        (self.url, self.variant) = (url, variant)
    }

    private var file: URL { url.appending(path: "config.json") }

    /// The options of `config.json`.
    ///
    /// - Throws: ``EncoderError`` naming the file.
    public func options() throws(EncoderError) -> [String: Any] {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw EncoderError(path: file.path, reason: "cannot be read; a transformers model folder is needed")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw EncoderError(path: file.path, reason: "it is not a JSON object of options")
        }
        return object
    }

    /// A tower's configuration: its own file's, or its part of a whole model's.
    ///
    /// `projection_dim` of the whole is the towers' too.
    ///
    /// - Throws: ``EncoderError`` naming the file and the option.
    public func configuration<Configuration: Decodable>(
        _: Configuration.Type, of tower: Tower
    ) throws(EncoderError) -> Configuration {
        let whole = try options()
        var part = whole
        if let nested = whole[tower.rawValue] as? [String: Any] {
            part = nested
            if let width = whole["projection_dim"] { part["projection_dim"] = width }
        }
        do {
            let data = try JSONSerialization.data(withJSONObject: part)
            return try JSONDecoder().decode(Configuration.self, from: data)
        } catch let error as ConfigurationError {
            throw EncoderError(path: file.path, reason: error.description)
        } catch {
            throw EncoderError(path: file.path, reason: "is not the configuration of such a model: \(error)")
        }
    }

    /// The weights.
    ///
    /// - Throws: `SafeTensorsError` naming the file.
    public func archive() throws -> SafeTensorsArchive {
        if let file = openCLIPFile { return try SafeTensorsArchive(path: url.appending(path: file).path) }
        return try SafeTensorsArchive(folder: url.path, name: "model", variant: variant)
    }

    /// Whether it has a CLIP in OpenCLIP's names, without transformers' `config.json`.
    public var isOpenCLIP: Bool { openCLIPFile != nil }

    /// The weights of OpenCLIP's own layout, or the only ones there are.
    private var openCLIPFile: String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        guard !names.contains(file.lastPathComponent) else { return nil }
        let weights = names.filter { $0.hasSuffix(".safetensors") }
        return weights.count == 1 ? weights[0] : weights.first { $0 == "open_clip_model.safetensors" }
    }

    /// The frozen weights as towers take them.
    ///
    /// - Throws: `SafeTensorsError` naming the file.
    public func parameters(_ precision: ComputePrecision = .f32) throws -> ParameterScope {
        ParameterStore(.archive(try archive(), trainable: false), precision: precision).root
    }
}

/// A model of texts or pictures cannot be loaded: names the file.
public struct EncoderError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String

    public init(path: String, reason: String) {
        (self.path, self.reason) = (path, reason)
    }

    public var description: String { "\(path): \(reason)" }
}

extension CLIPVisionEncoder {
    /// Loads the tower with frozen parameters, from its own folder or from that of a whole CLIP, OpenCLIP's too.
    ///
    /// - Throws: errors that name the file.
    public convenience init(_ folder: TransformersFolder, precision: ComputePrecision = .f32) throws {
        let configuration =
            try OpenCLIPFolder(folder)?.vision ?? folder.configuration(CLIPVisionConfiguration.self, of: .vision)
        try self.init(configuration, folder.parameters(precision))
    }
}

extension CLIPTextEncoder {
    /// Loads the tower with frozen parameters, from its own folder or from that of a whole CLIP, OpenCLIP's too.
    ///
    /// - Throws: errors that name the file.
    public convenience init(_ folder: TransformersFolder, precision: ComputePrecision = .f32) throws {
        let scope = try folder.parameters(precision)
        if let configuration = try OpenCLIPFolder(folder)?.text {
            try self.init(configuration, scope)
            return
        }
        var configuration = try folder.configuration(CLIPTextConfiguration.self, of: .text)
        configuration.hasProjection = scope.has("text_projection.weight")
        try self.init(configuration, scope)
    }
}

extension ViTEncoder {
    /// Loads the tower with frozen parameters, from its own folder or from that of a whole BLIP.
    ///
    /// - Throws: errors that name the file.
    public convenience init(_ folder: TransformersFolder, precision: ComputePrecision = .f32) throws {
        try self.init(folder.configuration(ViTConfiguration.self, of: .vision), folder.parameters(precision))
    }
}

extension BERTEncoder {
    /// Loads the tower with frozen parameters, from its own folder or from that of a whole BLIP or ALIGN.
    ///
    /// - Throws: errors that name the file.
    public convenience init(_ folder: TransformersFolder, precision: ComputePrecision = .f32) throws {
        try self.init(folder.configuration(BERTConfiguration.self, of: .text), folder.parameters(precision))
    }
}

extension EfficientNet {
    /// Loads the tower with frozen parameters, from its own folder or from that of a whole ALIGN.
    ///
    /// - Throws: errors that name the file.
    public convenience init(_ folder: TransformersFolder, precision: ComputePrecision = .f32) throws {
        try self.init(folder.configuration(EfficientNetConfiguration.self, of: .vision), folder.parameters(precision))
    }
}
