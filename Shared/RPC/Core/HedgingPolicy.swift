/// Several attempts of one call at a time, for the sake of the slowest percent.
public struct HedgingPolicy: Hashable, Sendable {
    /// Attempts in all, the first one included; at most 3 count.
    public var maximumAttempts = 2
    /// The wait before each further attempt.
    public var delay: Duration
    /// Failures after which the other attempts go on; any other end is the call's.
    public var nonFatalCodes: Set<RPCStatus.Code> = [.unavailable]

    /// Another attempt after each delay without an answer.
    public init(delay: Duration, maximumAttempts: Int = 2) {
        self.delay = delay
        self.maximumAttempts = maximumAttempts
    }
}

/// The attempts of one hedged call, decided: no clock, no task.
package struct HedgingMachine: Sendable {
    package enum Action: Hashable, Sendable {
        case start(attempt: Int)
        /// Call ``HedgingMachine/timerFired(_:remaining:throttle:)`` with the number after the wait.
        case wait(Duration, timer: Int)
        /// The outcome of that attempt is the call's; the others are to be cancelled.
        case finish(attempt: Int)
    }

    let policy: HedgingPolicy
    private var started = 0
    private var running: Set<Int> = []
    /// The last attempt that came to nothing.
    private var failed: Int?
    private var timer = 0
    private var isOver = false
    private var isForbidden = false

    package init(policy: HedgingPolicy) {
        self.policy = policy
    }

    /// The first attempt; `remaining` is the time until the call's deadline, here and below.
    package mutating func start(remaining: Duration) -> [Action] { begin(remaining) }

    private var mayStart: Bool { !isForbidden && started < min(policy.maximumAttempts, 3) }

    private mutating func begin(_ remaining: Duration) -> [Action] {
        let attempt = started
        running.insert(attempt)
        started += 1
        return [.start(attempt: attempt)] + wait(policy.delay, remaining)
    }

    /// What comes after the deadline need not be waited for.
    private mutating func wait(_ duration: Duration, _ remaining: Duration) -> [Action] {
        guard mayStart, duration < remaining else { return [] }
        timer += 1
        return [.wait(duration, timer: timer)]
    }

    package mutating func timerFired(_ number: Int, remaining: Duration, throttle: RetryThrottle) -> [Action] {
        guard !isOver, number == timer else { return [] }
        return mayStart && throttle.admitsRetry ? begin(remaining) : finishUnlessRunning()
    }

    /// The last failure is the call's when nothing can come any more.
    private mutating func finishUnlessRunning() -> [Action] {
        guard running.isEmpty, let failed else { return [] }
        isOver = true
        return [.finish(attempt: failed)]
    }

    package mutating func attemptEnded(
        _ attempt: Int, _ status: RPCStatus, remaining: Duration, throttle: inout RetryThrottle
    ) -> [Action] {
        guard !isOver, running.remove(attempt) != nil else { return [] }
        guard policy.nonFatalCodes.contains(status.code) else {
            if status.code == .ok { throttle.succeeded() }
            isOver = true
            return [.finish(attempt: attempt)]
        }
        throttle.failed()
        failed = attempt
        // Push-back: a negative number forbids further attempts, any other delays the next one.
        if let pushback = status.retryAfter {
            isForbidden = isForbidden || pushback < .zero || pushback >= remaining
            let waiting = wait(pushback, remaining)
            if !waiting.isEmpty { return waiting }
        } else if mayStart, throttle.admitsRetry {
            return begin(remaining)
        }
        return finishUnlessRunning()
    }
}
