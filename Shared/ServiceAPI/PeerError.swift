public import RPC

/// What a peer sent is well-formed and makes no sense.
public struct PeerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that names the field.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// As the status of the call that brought it.
    public var status: RPCStatus { RPCStatus(.invalidArgument, description) }
}
