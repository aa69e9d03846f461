public import Messaging

/// What the other end of a session said of itself, and who it has proved to be.
///
/// Nothing but `identity` is proof of anything.
public struct PeerInfo: Hashable, Sendable {
    /// Its name, for logs.
    public var name: String
    /// What kind of process it is.
    public var role: String
    /// Drawn at random when its endpoint was made: the same name with another number is another process.
    public var bootID: UInt64
    /// Full names of the services that it serves on this session.
    public var serves: [String]
    /// Who the peer has proved to be; nil on a transport without keys.
    public var identity: PeerIdentity?

    /// A description of a peer.
    public init(name: String, role: String, bootID: UInt64, serves: [String]) {
        self.name = name
        self.role = role
        self.bootID = bootID
        self.serves = serves
    }
}
