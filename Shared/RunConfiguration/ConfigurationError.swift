/// What is wrong with a run's configuration, in one line that names the file and the key.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key's path, for example `sampling.steps`; empty if the file as a whole is meant.
    public let path: String
    public let message: String

    public init(path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
