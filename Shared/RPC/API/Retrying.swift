import Synchronization

/// How the calls of one way to a server are made again: the policy, and the throttle that they share.
public final class Retrying: Sendable {
    /// The policy of calls that do not say one.
    public let policy: RetryPolicy
    private let throttle: Mutex<RetryThrottle>

    /// Retries by a policy, as long as a throttle admits them.
    public init(_ policy: RetryPolicy, throttle: RetryThrottle = RetryThrottle()) {
        self.policy = policy
        self.throttle = Mutex(throttle)
    }

    /// Whether a retry is allowed now.
    public var admitsRetry: Bool { throttle.withLock { $0.admitsRetry } }

    func withThrottle<Result: Sendable>(_ body: (inout RetryThrottle) -> sending Result) -> sending Result {
        throttle.withLock { body(&$0) }
    }

    func decide(_ machine: inout RetryMachine, _ status: RPCStatus, _ remaining: Duration) -> RetryMachine.Decision {
        var generator = SystemRandomNumberGenerator()
        return withThrottle {
            machine.attemptEnded(status, remaining: remaining, throttle: &$0, random: &generator)
        }
    }
}

/// The attempts of a server stream until its first message has come.
struct StreamAttempts: Sendable {
    let plan: CallPlan
    let message: OutgoingMessage
    private var machine: RetryMachine
    private var tried: Set<String> = []

    init(plan: CallPlan, message: OutgoingMessage) {
        self.plan = plan
        self.message = message
        machine = plan.retries()
    }

    /// Sends an attempt.
    ///
    /// - Throws: ``RPCStatus`` when no session can be had, or an interceptor refuses.
    mutating func open() async throws(RPCStatus) -> ActiveCall {
        let route = try await plan.route(tried)
        tried.insert(route.address)
        let (call, request) = try await plan.prepare(route, attempt: machine.attempt)
        call.begin(request, message.prepared(route.session.conduct), isEnd: true)
        return call
    }

    /// An attempt has brought its first message, or has ended well without one.
    func succeeded() {
        plan.caller.retrying.withThrottle { $0.succeeded() }
    }

    /// The next attempt after one that ended before its first message.
    ///
    /// - Throws: ``RPCStatus``: the end of the call.
    mutating func next(after status: RPCStatus) async throws(RPCStatus) -> ActiveCall {
        var status = status
        while case .retry(let wait) = plan.caller.retrying.decide(&machine, status, plan.remaining) {
            try await plan.pause(wait)
            do throws(RPCStatus) { return try await open() } catch { status = error }
        }
        throw status
    }
}
