/// A checkpoint does not fit the model that reads it.
public struct ParameterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The parameter's path, which is its key in the checkpoint.
    public let path: String
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
