import Encoders
import Foundation

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

/// Which options a `config.json` may have.
struct KnownOptions {
    /// Options that are read.
    let read: Set<String>
    /// Options that are not supported, with the values at which they change nothing.
    let unsupported: [String: [JSONScalar]]
    /// Options that change nothing here.
    let idle: Set<String>

    init(_ read: [String], unsupported: [String: [JSONScalar]], idle: Set<String> = []) {
        (self.read, self.unsupported, self.idle) = (Set(read), unsupported, idle)
    }

    /// Refuses the first option, in alphabetical order, that is unknown or has a value which is not supported.
    ///
    /// Names that begin with an underscore are diffusers' own notes.
    func check(_ object: [String: Any]) throws(ConfigurationError) {
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if let allowed = unsupported[key] {
                guard let scalar = JSONScalar(value), allowed.contains(scalar) else {
                    throw ConfigurationError(key: key, reason: "the value \(value) is not supported")
                }
            } else if !key.hasPrefix("_"), !read.contains(key), !idle.contains(key) {
                throw ConfigurationError(key: key, reason: "this option is unknown here, and so not supported")
            }
        }
    }
}

/// Options by name; every failure names the option.
struct OptionContainer<Key: CodingKey & RawRepresentable<String>> {
    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws { container = try decoder.container(keyedBy: Key.self) }

    /// Reads an option over its default; `null` is no value for it.
    func read<Value: Decodable>(_ key: Key, _ value: inout Value) throws {
        guard container.contains(key) else { return }
        guard try !container.decodeNil(forKey: key) else {
            throw ConfigurationError(key: key.rawValue, reason: "null is not supported")
        }
        value = try decode(key)
    }

    /// Reads an option that may be `null`.
    func read<Value: Decodable>(_ key: Key, _ value: inout Value?) throws {
        guard container.contains(key) else { return }
        value = try container.decodeNil(forKey: key) ? nil : decode(key)
    }

    private func decode<Value: Decodable>(_ key: Key) throws -> Value {
        do { return try container.decode(Value.self, forKey: key) } catch is DecodingError {
            throw ConfigurationError(key: key.rawValue, reason: "the value has another type than this option's")
        }
    }
}
