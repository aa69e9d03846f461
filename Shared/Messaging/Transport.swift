/// Connects and listens.
///
/// Two implementations: ``ZeroMQTransport``, and ``MemoryTransport`` within a process.
public protocol Transport: Sendable {
    /// Opens a connection.
    ///
    /// The reactor is the only thread that will touch the link. After the timeout nobody is there.
    ///
    /// - Throws: ``MessagingError`` invalidAddress or unreachable.
    func connect(to address: String, on reactor: Reactor, timeout: Duration) async throws(MessagingError) -> any Link

    /// Takes connections at an address.
    ///
    /// `accept` is called on the reactor for every new connection; it calls ``Link/start(_:)`` before it returns.
    ///
    /// - Throws: ``MessagingError`` invalidAddress, refusedAddress, addressInUse or system.
    func listen(
        at address: String, on reactor: Reactor, accept: @escaping @Sendable (any Link) -> Void
    ) async throws(MessagingError) -> any TransportListener
}

/// An address that takes connections.
public protocol TransportListener: Sendable {
    /// The address as a peer can dial it: with the port that the system chose.
    var address: String { get }

    /// Takes no more connections, and ends those that there are.
    func close() async
}

/// One connection: multipart messages in order, both ways, until it ends.
///
/// It never resumes.
///
/// Everything but `remoteAddress` is called on the link's reactor.
public protocol Link: AnyObject, Sendable {
    /// Where the peer is, for messages.
    var remoteAddress: String { get }

    /// Who the peer has proved to be; nil on a transport without keys.
    ///
    /// A dialer that keeps no list knows the listener's key only: name and role are empty then.
    var peer: PeerIdentity? { get }

    /// Begins to hand messages to the receiver; what came before has been kept.
    func start(_ receiver: any LinkReceiver)

    /// Sends a message, or keeps it until the connection takes it. After the end it does nothing.
    func send(_ frames: [Frame])

    /// Whether the connection has taken all that was sent; when it has again, the receiver is told.
    var hasTakenAll: Bool { get }

    /// Ends the connection; what was sent is still delivered if that can be done quickly. The receiver is not told.
    func close()

    /// Ends the connection of a peer that broke the protocol, and lets it not come back for a while.
    func expel()
}

extension Link {
    /// A transport without keys knows nobody.
    public var peer: PeerIdentity? { nil }

    /// Within a process nothing has to wait.
    public var hasTakenAll: Bool { true }

    /// A transport that cannot tell peers apart has nobody to keep out.
    public func expel() { close() }
}

/// Takes what comes over a link; called on the link's reactor.
public protocol LinkReceiver: AnyObject, Sendable {
    /// A message.
    func linkReceived(_ frames: [Frame])

    /// What had been kept has been taken: more can be sent.
    func linkHasTakenAll()

    /// The connection ended, with a reason for a person. Nothing follows.
    func linkEnded(_ reason: String)
}

extension LinkReceiver {
    /// Nothing was waiting for it.
    public func linkHasTakenAll() {}
}
