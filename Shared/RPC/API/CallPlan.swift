import Messaging
import Synchronization

/// One logical call: what all its attempts have in common.
struct CallPlan: Sendable {
    let caller: any Caller
    let method: MethodDescriptor
    let options: CallOptions
    let deadline: ContinuousClock.Instant

    init(caller: any Caller, method: MethodDescriptor, options: CallOptions) {
        self.caller = caller
        self.method = method
        self.options = options
        deadline = CallDeadline.next(options, default: caller.defaultTimeout)
    }

    /// Whether a second execution does no harm, or the server prevents it.
    var isRepeatable: Bool {
        method.idempotency != .unknown || method.kind == .unary && !options.idempotencyKey.isEmpty
    }

    var remaining: Duration { deadline - .now }

    func retries() -> RetryMachine {
        RetryMachine(policy: options.retry ?? caller.retrying.policy, isRepeatable: isRepeatable)
    }

    func route(_ tried: Set<String>) async throws(RPCStatus) -> CallRoute {
        try await caller.route(avoiding: tried, waitForReady: options.waitForReady, deadline: deadline)
    }

    /// An attempt that is ready to be sent.
    ///
    /// - Throws: ``RPCStatus`` deadlineExceeded, or what an interceptor refuses it with.
    func prepare(_ route: CallRoute, attempt: Int) async throws(RPCStatus) -> (ActiveCall, CallRequest) {
        let session = route.session
        var metadata = options.metadata
        var observer = route.observer
        if !session.conduct.clientInterceptors.isEmpty {
            var call = ClientCall(
                method: method, peer: session.peer, attempt: attempt, deadline: deadline, metadata: metadata)
            do throws(RPCStatus) {
                let inner = try await session.conduct.clientInterceptors.begin(&call)
                observer = Self.both(observer, inner)
            } catch {
                route.observer?(error)
                throw error
            }
            metadata = call.metadata
        }
        let remaining = remaining
        guard remaining > .zero else {
            let status = RPCStatus(.deadlineExceeded, "\(method.path): the deadline passed")
            observer?(status)
            throw status
        }
        let call = ActiveCall(core: session.core, method: method.path, conduct: session.conduct)
        call.observer = observer
        let request = CallRequest(
            method: method.path, timeout: remaining, metadata: metadata, attempt: UInt32(attempt),
            idempotencyKey: options.idempotencyKey, waitForReady: options.waitForReady)
        return (call, request)
    }

    private static func both(_ outer: CallObserver?, _ inner: CallObserver?) -> CallObserver? {
        guard let outer, let inner else { return outer ?? inner }
        return { status in
            inner(status)
            outer(status)
        }
    }

    // MARK: Unary

    /// All attempts of a call with one request and one reply.
    ///
    /// - Throws: ``RPCStatus`` when no session can be had for the first one.
    func unary(_ message: OutgoingMessage) async throws(RPCStatus) -> ActiveCall.Outcome {
        if let hedging = options.hedging, isRepeatable { return try await hedged(message, hedging) }
        var machine = retries()
        var tried: Set<String> = []
        var last: String?
        while true {
            let outcome: ActiveCall.Outcome
            do throws(RPCStatus) {
                if let last { tried.insert(last) }
                let route = try await route(tried)
                last = route.address
                outcome = await attempt(machine.attempt, message, route)
            } catch {
                // Nobody is there at all: that is told at once, unless somebody was.
                if machine.attempt == 0 { throw error }
                outcome = ActiveCall.Outcome(message: nil, status: error)
            }
            guard case .retry(let wait) = caller.retrying.decide(&machine, outcome.status, remaining) else {
                return outcome
            }
            try await pause(wait)
        }
    }

    func attempt(_ number: Int, _ message: OutgoingMessage, _ route: CallRoute) async -> ActiveCall.Outcome {
        do throws(RPCStatus) {
            let (call, request) = try await prepare(route, attempt: number)
            return await call.exchange(request, message.prepared(route.session.conduct))
        } catch {
            return ActiveCall.Outcome(message: nil, status: error)
        }
    }

    func pause(_ wait: Duration) async throws(RPCStatus) {
        guard wait > .zero else { return }
        do { try await Task.sleep(for: wait) } catch {
            throw RPCStatus(.cancelled, "\(method.path): the caller cancelled")
        }
    }

    // MARK: Hedging

    private enum HedgeEvent: Sendable {
        case ended(Int, ActiveCall.Outcome)
        case timer(Int)
    }

    private func hedged(
        _ message: OutgoingMessage, _ policy: HedgingPolicy
    ) async throws(RPCStatus) -> ActiveCall.Outcome {
        let first = try await route([])
        let tried = TriedAddresses(first.address)
        return await withTaskGroup(of: HedgeEvent.self) { group in
            var machine = HedgingMachine(policy: policy)
            var outcomes: [Int: ActiveCall.Outcome] = [:]
            var actions = machine.start(remaining: remaining)
            while true {
                for action in actions {
                    switch action {
                    case .start(0): group.addTask { .ended(0, await attempt(0, message, first)) }
                    case .start(let number): group.addTask { .ended(number, await hedge(number, message, tried)) }
                    case .wait(let duration, let timer):
                        group.addTask {
                            try? await Task.sleep(for: duration)
                            return .timer(timer)
                        }
                    case .finish(let number):
                        group.cancelAll()
                        return outcomes[number] ?? Self.lost(method)
                    }
                }
                switch await group.next() {
                case .ended(let number, let outcome):
                    outcomes[number] = outcome
                    actions = caller.retrying.withThrottle {
                        machine.attemptEnded(number, outcome.status, remaining: remaining, throttle: &$0)
                    }
                case .timer(let timer):
                    actions = caller.retrying.withThrottle {
                        machine.timerFired(timer, remaining: remaining, throttle: $0)
                    }
                case nil: return Self.lost(method)
                }
            }
        }
    }

    private func hedge(
        _ number: Int, _ message: OutgoingMessage, _ tried: TriedAddresses
    ) async -> ActiveCall.Outcome {
        do throws(RPCStatus) {
            let route = try await route(tried.all)
            tried.insert(route.address)
            return await attempt(number, message, route)
        } catch {
            return ActiveCall.Outcome(message: nil, status: error)
        }
    }

    private static func lost(_ method: MethodDescriptor) -> ActiveCall.Outcome {
        ActiveCall.Outcome(message: nil, status: RPCStatus(.internalError, "\(method.path): no attempt has ended"))
    }
}

/// Where attempts that run at a time have been sent.
private final class TriedAddresses: Sendable {
    private let state: Mutex<Set<String>>

    init(_ first: String) {
        state = Mutex([first])
    }

    var all: Set<String> { state.withLock(\.self) }

    func insert(_ address: String) {
        state.withLock { _ = $0.insert(address) }
    }
}
