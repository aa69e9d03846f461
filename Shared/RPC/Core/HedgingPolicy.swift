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
        /// Call ``HedgingMachine/timerFired(_:throttle:)`` with the number after the wait.
        case wait(Duration, timer: Int)
        /// The outcome of that attempt is the call's; the others are to be cancelled.
        case finish(attempt: Int)
    }

    let policy: HedgingPolicy
    private var started = 0
    private var running: Set<Int> = []
    private var timer = 0
    private var isOver = false
    private var mayStart = true

    package init(policy: HedgingPolicy) {
        self.policy = policy
    }

    package mutating func start() -> [Action] { [begin()] + wait(policy.delay) }

    private mutating func begin() -> Action {
        defer { started += 1 }
        running.insert(started)
        return .start(attempt: started)
    }

    private mutating func wait(_ duration: Duration) -> [Action] {
        guard mayStart, started < min(policy.maximumAttempts, 3) else { return [] }
        timer += 1
        return [.wait(duration, timer: timer)]
    }

    package mutating func timerFired(_ number: Int, throttle: RetryThrottle) -> [Action] {
        guard !isOver, number == timer, mayStart, throttle.admitsRetry, started < min(policy.maximumAttempts, 3) else {
            return []
        }
        return [begin()] + wait(policy.delay)
    }

    package mutating func attemptEnded(_ attempt: Int, _ status: RPCStatus, throttle: inout RetryThrottle) -> [Action] {
        guard !isOver, running.remove(attempt) != nil else { return [] }
        guard policy.nonFatalCodes.contains(status.code) else {
            if status.code == .ok { throttle.succeeded() }
            isOver = true
            return [.finish(attempt: attempt)]
        }
        throttle.failed()
        // Push-back: a negative number forbids further attempts, any other delays the next one.
        if let pushback = status.retryAfter {
            mayStart = mayStart && pushback >= .zero
            let waiting = wait(max(pushback, .zero))
            if !waiting.isEmpty { return waiting }
        } else if mayStart, throttle.admitsRetry, started < min(policy.maximumAttempts, 3) {
            return [begin()] + wait(policy.delay)
        }
        guard running.isEmpty else { return [] }
        isOver = true
        return [.finish(attempt: attempt)]
    }
}
