import Encoders
import Foundation
import TensorCore

/// A scalar of a JSON document, as far as configurations need it.
enum JSONScalar: Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)

    init?(_ value: Any) {
        switch value {
        case is NSNull: self = .null
        case let number as NSNumber:
            // Foundation keeps booleans as numbers of a type of their own.
            self = Self.boolean(number).map(JSONScalar.bool) ?? .number(number.doubleValue)
        case let string as String: self = .string(string)
        default: return nil
        }
    }

    private static func boolean(_ number: NSNumber) -> Bool? {
        String(cString: number.objCType) == "c" ? number.boolValue : nil
    }
}

/// One component's folder in a diffusers checkpoint: `config.json` beside safetensors.
struct ModelFolder {
    let url: URL

    /// Reads `config.json`, refusing options at values that are not supported.
    ///
    /// - Throws: ``ModelError`` naming the file; ``ConfigurationError`` naming the option.
    func configuration<Configuration: Decodable>(
        _: Configuration.Type, unsupported: [String: [JSONScalar]] = [:]
    ) throws -> Configuration {
        let file = url.appending(path: "config.json")
        let data: Data
        do { data = try Data(contentsOf: file) } catch {
            throw ModelError(path: file.path, reason: "cannot be read; a diffusers model folder is needed")
        }
        do {
            let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
            for (key, allowed) in unsupported.sorted(by: { $0.key < $1.key }) {
                guard let value = object[key] else { continue }
                guard let scalar = JSONScalar(value), allowed.contains(scalar) else {
                    throw ConfigurationError(key: key, reason: "the value \(value) is not supported")
                }
            }
            return try JSONDecoder().decode(Configuration.self, from: data)
        } catch let error as ConfigurationError {
            throw ModelError(path: file.path, reason: error.description)
        } catch {
            throw ModelError(path: file.path, reason: "is not the configuration of such a model: \(error)")
        }
    }

    func archive(_ name: String) throws -> SafeTensorsArchive {
        try SafeTensorsArchive(folder: url.path, name: name)
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
