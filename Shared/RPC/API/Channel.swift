import Synchronization

/// The way to an address: it dials when a call needs a session, and dials again after one has ended.
///
/// Calls share one session. A failure to connect is followed by a wait that grows, with jitter, so that a thousand
/// workers do not come back in the same instant.
public actor Channel: Caller {
    /// Where it leads.
    public nonisolated let address: String
    public nonisolated let defaultTimeout: Duration
    public nonisolated let retrying: Retrying
    private let endpoint: Endpoint
    private let services: [ServiceDefinition]
    private var current: Session?
    private var dialling: Task<Result<Session, RPCStatus>, Never>?
    private var backoff: ConnectionBackoff
    /// The last attempt's failure, and when the next one may be made.
    private var failure: (status: RPCStatus, waitsUntil: ContinuousClock.Instant)?
    /// Whether it dials no more.
    private var isRetired = false

    init(endpoint: Endpoint, address: String, services: [ServiceDefinition]) {
        self.endpoint = endpoint
        self.address = address
        self.services = services
        defaultTimeout = endpoint.configuration.defaultTimeout
        retrying = Retrying(endpoint.configuration.retry, throttle: endpoint.configuration.retryThrottle)
        backoff = ConnectionBackoff(
            initial: endpoint.configuration.initialBackoff, maximum: endpoint.configuration.maximumBackoff)
    }

    /// Nobody can call over its session any more, nor end it; the calls of the peer may end.
    deinit {
        guard let current else { return }
        Task { [grace = defaultTimeout] in await current.drain(Self.notNeeded, grace: grace) }
    }

    private static let notNeeded = "it is not needed any more"

    /// The session in use, dialled if need be: one attempt.
    ///
    /// - Throws: ``RPCStatus`` unavailable, with the address, when nobody answers there, or nobody did a moment ago.
    public func session() async throws(RPCStatus) -> Session {
        try await session(waitForReady: false, deadline: .now + endpoint.configuration.connectTimeout * 2)
    }

    public func route(
        avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> CallRoute {
        CallRoute(session: try await session(waitForReady: waitForReady, deadline: deadline), address: address)
    }

    func session(waitForReady: Bool, deadline: ContinuousClock.Instant) async throws(RPCStatus) -> Session {
        while true {
            guard !isRetired else { throw retired }
            if let current, await current.isOpen { return current }
            if let failure, failure.waitsUntil > .now {
                guard waitForReady else { throw Self.stillWaiting(failure.status, until: failure.waitsUntil) }
                try await sleep(until: min(failure.waitsUntil, deadline))
            }
            do throws(RPCStatus) { return try await dial(until: deadline) } catch {
                guard waitForReady, error.code == .unavailable else { throw error }
                guard ContinuousClock.now < deadline else {
                    throw RPCStatus(.deadlineExceeded, "\(address): no session before the deadline: \(error.message)")
                }
            }
        }
    }

    /// As the last attempt failed: however many calls there are, an address is not dialled more often for it.
    private static func stillWaiting(_ failure: RPCStatus, until instant: ContinuousClock.Instant) -> RPCStatus {
        var status = failure
        status.retryAfter = instant - .now
        return status
    }

    private func sleep(until instant: ContinuousClock.Instant) async throws(RPCStatus) {
        do { try await Task.sleep(until: instant, clock: .continuous) } catch {
            throw RPCStatus(.cancelled, "\(address): the task was cancelled")
        }
    }

    /// One attempt, shared by all callers that need it, each of which waits no longer than it wants to.
    private func dial(until deadline: ContinuousClock.Instant) async throws(RPCStatus) -> Session {
        let task = dialling ?? Task { await attempt() }
        dialling = task
        let first = FirstOutcome()
        let tooLate = RPCStatus(.deadlineExceeded, "\(address): no session before the deadline")
        let timer = Task {
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            first.resume(.failure(tooLate))
        }
        defer { timer.cancel() }
        let cancelled = RPCStatus(.cancelled, "\(address): the task was cancelled")
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                first.wait(waiter)
                Task { first.resume(await task.value) }
            }
        } onCancel: {
            first.resume(.failure(cancelled))
        }.get()
    }

    /// Dials and keeps what came of it before any caller learns of it: a caller that tries again at once must find the
    /// wait of this failure, not the finished attempt, or it would go round for ever and let nobody else in.
    private func attempt() async -> Result<Session, RPCStatus> {
        let result: Result<Session, RPCStatus>
        do throws(RPCStatus) { result = .success(try await endpoint.dial(address, services: services)) } catch {
            result = .failure(error)
        }
        dialling = nil
        switch result {
        case .success(let session):
            guard !isRetired else {
                await session.close()
                return .failure(retired)
            }
            current = session
            backoff.succeeded()
            failure = nil
        case .failure(let status):
            var generator = SystemRandomNumberGenerator()
            failure = (status, .now + backoff.failed(using: &generator))
        }
        return result
    }

    /// Lets the calls that are open end, and ends the session; there will be no other.
    func retire() async {
        isRetired = true
        guard let current else { return }
        self.current = nil
        await current.drain(Self.notNeeded, grace: defaultTimeout)
    }

    private var retired: RPCStatus { RPCStatus(.unavailable, "\(address): \(Self.notNeeded)", notProcessed: true) }

    /// Ends the session in use, if any; a later call dials again.
    public func close() async {
        await current?.close()
        current = nil
    }
}

/// Resumes somebody with whatever comes first.
private final class FirstOutcome: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<Session, RPCStatus>, Never>)
        case known(Result<Session, RPCStatus>)
        case over
    }

    private let state = Mutex(State.open)

    func wait(_ waiter: CheckedContinuation<Result<Session, RPCStatus>, Never>) {
        let known: Result<Session, RPCStatus>? = state.withLock { state in
            if case .known(let outcome) = state {
                state = .over
                return outcome
            }
            state = .waiting(waiter)
            return nil
        }
        if let known { waiter.resume(returning: known) }
    }

    func resume(_ outcome: Result<Session, RPCStatus>) {
        let waiter: CheckedContinuation<Result<Session, RPCStatus>, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .known(outcome)
                return nil
            case .waiting(let waiter):
                state = .over
                return waiter
            case .known, .over: return nil
            }
        }
        waiter?.resume(returning: outcome)
    }
}
