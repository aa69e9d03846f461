/// How patient an endpoint is, and what it is willing to receive.
public struct EndpointConfiguration: Sendable {
    /// What peers may send.
    public var limits = SessionLimits()
    /// A session on which nothing else was sent sends a PING that often.
    ///
    /// The listener's value holds at both ends.
    public var heartbeat: Duration = .milliseconds(1000)
    /// A peer that has said nothing for so long is dead.
    ///
    /// The listener's value holds at both ends.
    public var lease: Duration = .milliseconds(5000)
    /// The time for a connection to come up.
    public var connectTimeout: Duration = .seconds(5)
    /// The time for the peer to say who it is.
    public var handshakeTimeout: Duration = .seconds(5)
    /// The timeout of calls that neither say one nor inherit one.
    public var defaultTimeout: Duration = .seconds(60)
    /// A channel waits so long after a first failure to connect, and twice as long after each further one.
    public var initialBackoff: Duration = .milliseconds(50)
    /// A channel waits no longer than this; each wait is multiplied by a random number from 0.8 to 1.2.
    public var maximumBackoff: Duration = .seconds(2)
    /// Most memory that large attachments of all sessions together may hold before they are read.
    public var memoryBudget = 2 << 30

    /// What each role may call and serve, where peers have keys; nil allows everything.
    public var permissions: Permissions?
    /// Calls that the process can work on at once, for those who choose among servers; 0: it does not say.
    public var capacity = 0
    /// Whether bodies of more than 1 KiB are compressed where the peer can read that.
    public var compressesBodies = false
    /// Whether attachments are sent with a CRC-32C; one that has come with them is always looked at.
    public var checksumsAttachments = false
    /// How channels retry calls that do not say how.
    public var retry = RetryPolicy()
    /// The bucket of tokens that each channel begins with: when many of its calls fail, none is retried.
    public var retryThrottle = RetryThrottle()
    /// What counts and times the calls of both directions, beside the interceptors.
    public var metrics: CallMetrics?
    /// What sees the calls that this endpoint makes, the first one first.
    public var clientInterceptors: [any ClientInterceptor] = []
    /// What sees the calls that this endpoint serves, the first one outermost.
    public var serverInterceptors: [any ServerInterceptor] = []

    /// Is told when something has kept the thread of the sockets for more than 50 ms, which makes everything else wait; and
    /// when it has for a second, although it is not over.
    public var onLongTurn: (@Sendable (Duration, _ isOver: Bool) -> Void)?

    /// Is told how many connections were turned away because few descriptors are left; every ten seconds at the most.
    public var onTurnedAway: (@Sendable (Int) -> Void)?

    /// The defaults.
    public init() {}

    /// Has an interceptor see the calls of both directions, inside of those that are there.
    public mutating func install(_ interceptor: some ClientInterceptor & ServerInterceptor) {
        clientInterceptors.append(interceptor)
        serverInterceptors.append(interceptor)
    }
}
