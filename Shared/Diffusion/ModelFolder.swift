import Encoders
import Foundation
import TensorCore

/// One component's folder in a diffusers checkpoint: `config.json` beside safetensors.
struct ModelFolder {
    let url: URL
    /// Which variant of the weights; `nil` is that without a name, or the only one.
    var variant: String?

    /// Reads `config.json`, refusing options that are unknown or at values which are not supported.
    ///
    /// - Throws: ``ModelError`` naming the file and the option.
    func configuration<Configuration: Decodable>(
        _: Configuration.Type, options: KnownOptions? = nil
    ) throws -> Configuration {
        let file = url.appending(path: "config.json")
        let data: Data
        do { data = try Data(contentsOf: file) } catch {
            throw ModelError(path: file.path, reason: "cannot be read; a diffusers model folder is needed")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ModelError(path: file.path, reason: "it is not a JSON object of options")
        }
        do {
            try options?.check(object)
            return try JSONDecoder().decode(Configuration.self, from: data)
        } catch let error as ConfigurationError {
            throw ModelError(path: file.path, reason: error.description)
        } catch {
            throw ModelError(path: file.path, reason: "is not the configuration of such a model: \(error)")
        }
    }

    func archive(_ name: String) throws -> SafeTensorsArchive {
        try SafeTensorsArchive(folder: url.path, name: name, variant: variant)
    }
}

/// A model cannot be loaded.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
