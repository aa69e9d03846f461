/// When a call that failed is made again: gRPC's proposal A6.
public struct RetryPolicy: Hashable, Sendable {
    /// Attempts in all, the first one included; at most 5 count.
    public var maximumAttempts = 4
    /// The wait before the second attempt, before it is multiplied by a random number from 0.8 to 1.2.
    public var initialBackoff: Duration = .milliseconds(50)
    /// The longest wait.
    public var maximumBackoff: Duration = .seconds(1)
    /// Each wait is so many times the one before.
    public var multiplier = 2.0
    /// The failures that another attempt may mend.
    public var codes: Set<RPCStatus.Code> = [.unavailable]

    /// The defaults.
    public init() {}

    /// One attempt only.
    public static let never = {
        var policy = RetryPolicy()
        policy.maximumAttempts = 1
        return policy
    }()
}

/// Keeps retries from making an overload worse: A6's token bucket, one for each way to a server.
///
/// Every failure that might be retried costs one token, every success earns `ratio`; below half of the bucket nothing is
/// retried.
public struct RetryThrottle: Hashable, Sendable {
    /// Tokens of a full bucket.
    public let maximumTokens: Double
    /// Tokens for each success.
    public let ratio: Double
    /// What is left.
    public private(set) var tokens: Double

    /// A full bucket.
    public init(maximumTokens: Double = 10, ratio: Double = 0.1) {
        self.maximumTokens = maximumTokens
        self.ratio = ratio
        tokens = maximumTokens
    }

    /// Whether a retry is allowed now.
    public var admitsRetry: Bool { tokens > maximumTokens / 2 }

    mutating func failed() { tokens = max(0, tokens - 1) }

    mutating func succeeded() { tokens = min(maximumTokens, tokens + ratio) }
}

/// The attempts of one call, decided: no clock, no task.
package struct RetryMachine: Sendable {
    package enum Decision: Hashable, Sendable {
        /// Another attempt, after a wait.
        case retry(after: Duration)
        /// The status is the call's.
        case give
    }

    let policy: RetryPolicy
    /// Whether a second execution does no harm.
    let isRepeatable: Bool
    /// The number of the attempt that is under way, from 0.
    package private(set) var attempt = 0
    private var backoff: Duration
    private var transparentRetries = 0
    /// Attempts that count against the policy.
    private var counted = 1
    /// Attempts that never reached a handler may be repeated so often at once.
    private static let maximumTransparentRetries = 2

    package init(policy: RetryPolicy, isRepeatable: Bool) {
        self.policy = policy
        self.isRepeatable = isRepeatable
        backoff = policy.initialBackoff
    }

    /// What to do about the end of an attempt; `remaining` is the time until the call's deadline.
    package mutating func attemptEnded(
        _ status: RPCStatus, remaining: Duration, throttle: inout RetryThrottle,
        random: inout some RandomNumberGenerator
    ) -> Decision {
        guard status.code != .ok else {
            throttle.succeeded()
            return .give
        }
        guard policy.maximumAttempts > 1 else { return .give }
        // The peer has not begun on it: the first times that is like having sent it elsewhere at once, unless it says when.
        if status.notProcessed, status.code == .unavailable, status.retryAfter == nil,
            transparentRetries < Self.maximumTransparentRetries
        {
            transparentRetries += 1
            return again(after: .zero, remaining)
        }
        guard policy.codes.contains(status.code) else { return .give }
        throttle.failed()
        guard isRepeatable || status.notProcessed, throttle.admitsRetry, counted < min(policy.maximumAttempts, 5),
            status.retryAfter.map({ $0 >= .zero }) ?? true
        else { return .give }
        counted += 1
        if let pushback = status.retryAfter {
            backoff = policy.initialBackoff
            return again(after: pushback, remaining)
        }
        let wait = backoff * Double.random(in: 0.8...1.2, using: &random)
        backoff = min(backoff * policy.multiplier, policy.maximumBackoff)
        return again(after: wait, remaining)
    }

    private mutating func again(after wait: Duration, _ remaining: Duration) -> Decision {
        guard wait < remaining else { return .give }
        attempt += 1
        return .retry(after: wait)
    }
}
