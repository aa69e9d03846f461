/// What a caller may say of one call.
public struct CallOptions: Sendable {
    /// The time after which the call fails with deadlineExceeded at both ends.
    ///
    /// Nil: what is left of the deadline of the call being served, or else the endpoint's default. A timeout that is
    /// longer than what is left is cut to it.
    public var timeout: Duration?
    /// Metadata for the server.
    public var metadata: Metadata
    /// Whether a channel that cannot connect keeps trying until the deadline instead of failing at once.
    public var waitForReady: Bool
    /// The same for every attempt of one logical call.
    ///
    /// A server carries out a unary call with a key once within ten minutes, however often it comes, and answers the
    /// others with the first one's answer. So such a call may be retried, whatever it does.
    public var idempotencyKey: [UInt8]
    /// How it is retried; nil: as the caller does by itself, which is not at all for a session.
    public var retry: RetryPolicy?
    /// Several attempts at a time, for unary calls that may be repeated; instead of retries.
    public var hedging: HedgingPolicy?

    /// Options with the usual defaults.
    public init(
        timeout: Duration? = nil, metadata: Metadata = Metadata(), waitForReady: Bool = false,
        idempotencyKey: [UInt8] = [], retry: RetryPolicy? = nil, hedging: HedgingPolicy? = nil
    ) {
        self.timeout = timeout
        self.metadata = metadata
        self.waitForReady = waitForReady
        self.idempotencyKey = idempotencyKey
        self.retry = retry
        self.hedging = hedging
    }
}

/// The deadline of the call that the current task serves; calls made by that task inherit it.
public enum CallDeadline {
    /// Nil outside of a handler.
    @TaskLocal public static var current: ContinuousClock.Instant?

    /// The deadline of a new call.
    static func next(_ options: CallOptions, default fallback: Duration) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        guard let current else { return now + (options.timeout ?? fallback).bounded }
        return options.timeout.map { min(now + $0.bounded, current) } ?? current
    }
}
