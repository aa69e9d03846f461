import Yams

/// What is wrong with a run's configuration, in one line that names the file and the key.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key's path, for example `sampling.steps`; empty if the file as a whole is meant.
    public let path: String
    public let message: String

    public init(path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    /// What keeps a file of settings from being read, in words of the file.
    public init(_ error: DecodingError) {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(let type, let at): (context, message) = (at, "this is no \(Self.name(of: type))")
        case .valueNotFound(let type, let at): (context, message) = (at, "a \(Self.name(of: type)) is missing")
        case .dataCorrupted(let at):
            (context, message) = (at, Self.line(at.underlyingError.map { "\($0)" } ?? at.debugDescription))
        case .keyNotFound(let key, let at): (context, message) = (at, "'\(key.stringValue)' is missing")
        @unknown default:
            (path, message) = ("", Self.line("\(error)"))
            return
        }
        path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }

    private static func line(_ text: String) -> String {
        text.split(separator: "\n").joined(separator: " ")
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type: "whole number"
        case is UInt64.Type: "whole number that is not negative"
        case is Double.Type: "number"
        case is String.Type: "text"
        case is Node.Sequence.Type: "list"
        case is Node.Mapping.Type: "group of keys"
        default: "\(type)"
        }
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
