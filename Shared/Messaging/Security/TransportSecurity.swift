/// What a process proves who it is with, and whom it lets in.
///
/// With it every connection is encrypted and authenticated by CURVE (ZeroMQ RFC 26), in both directions: a dialer knows
/// the listener's key before, and a listener knows the dialer's from its list.
public struct TransportSecurity: Sendable {
    /// This process's keys.
    public var keys: KeyPair
    /// Who may connect; a process without it can only dial.
    public var authenticator: Authenticator?
    /// The listener's key at addresses that name none.
    public var pinned: PublicKey?
    /// How long a peer that broke the protocol stays out.
    public var banDuration: Duration = .seconds(10)

    /// The security of a process.
    public init(keys: KeyPair, authenticator: Authenticator? = nil, pinned: PublicKey? = nil) {
        self.keys = keys
        self.authenticator = authenticator
        self.pinned = pinned
    }
}
