/// Bytes that are not an acceptable protobuf message, or a message that cannot be encoded.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: the message's type and what is wrong with it.
    public let description: String

    /// An error with its line.
    public init(_ description: String) {
        self.description = description
    }
}
