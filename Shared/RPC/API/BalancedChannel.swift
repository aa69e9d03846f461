import Synchronization

/// The way to a service that several servers offer: each call goes to one of them, chosen by a policy.
///
/// A name resolver says where they are: ``update(_:)`` takes its answer whenever that changes. Servers that stay keep their
/// sessions; those that are gone are let finish what they have.
public final class BalancedChannel: Caller {
    private struct Server {
        let channel: Channel
        /// The one that was used last, for what it says of the server's load.
        weak var session: Session?
    }

    /// A server for an attempt.
    private struct Choice {
        let candidate: LoadBalancer.Candidate
        let channel: Channel
    }

    private struct State {
        var balancer: LoadBalancer
        var servers: [String: Server] = [:]
        /// Calls that wait for another answer of the resolver, each under a number.
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var waits = 0
        var changes = 0
    }

    public let defaultTimeout: Duration
    public let retrying: Retrying
    private let endpoint: Endpoint
    private let services: [ServiceDefinition]
    /// What is behind it, for messages.
    private let name: String
    private let state: Mutex<State>

    init(endpoint: Endpoint, name: String, policy: LoadBalancing, services: [ServiceDefinition]) {
        self.endpoint = endpoint
        self.services = services
        self.name = name
        defaultTimeout = endpoint.configuration.defaultTimeout
        retrying = Retrying(endpoint.configuration.retry, throttle: endpoint.configuration.retryThrottle)
        let backoff = ConnectionBackoff(
            initial: endpoint.configuration.initialBackoff, maximum: endpoint.configuration.maximumBackoff)
        state = Mutex(State(balancer: LoadBalancer(policy, backoff: backoff)))
    }

    /// Where the servers are, in the resolver's order.
    public var addresses: [String] { state.withLock { $0.balancer.candidates.map(\.address) } }

    /// Takes the resolver's answer.
    public func update(_ addresses: [String]) {
        let (gone, waiters) = state.withLock { state in
            var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
            guard addresses != state.balancer.candidates.map(\.address) else { return ([Channel](), waiters) }
            swap(&waiters, &state.waiters)
            state.balancer.update(addresses)
            state.changes += 1
            let gone = state.servers.filter { !addresses.contains($0.key) }
            for address in gone.keys { state.servers[address] = nil }
            return (gone.values.map(\.channel), waiters)
        }
        for waiter in waiters.values { waiter.resume() }
        for channel in gone { Task { await channel.retire() } }
    }

    public func route(
        avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> CallRoute {
        var failed = Set<String>()
        var failure = RPCStatus(.unavailable, "\(name): no server is known", notProcessed: true)
        while true {
            let (choice, changes) = pick(tried, failed)
            guard let choice else {
                // Servers that refuse this caller are not waited for.
                guard waitForReady, failure.code == .unavailable, ContinuousClock.now < deadline else { throw failure }
                try endpoint.requireOpen()
                try await change(after: changes, deadline)
                failed = []
                continue
            }
            do throws(RPCStatus) {
                let session = try await choice.channel.session(waitForReady: false, deadline: deadline)
                return CallRoute(
                    session: session, address: choice.candidate.address, observer: begin(choice, on: session))
            } catch {
                guard error.code != .cancelled, error.code != .deadlineExceeded else { throw error }
                note(choice.candidate, isWell: false)
                // Of several failures one that may pass counts.
                if failed.isEmpty || error.code == .unavailable { failure = error }
                failed.insert(choice.candidate.address)
            }
        }
    }

    /// A server that has not refused this attempt: rather one that has not failed this call, but any if need be.
    private func pick(_ tried: Set<String>, _ failed: Set<String>) -> (Choice?, changes: Int) {
        var generator = SystemRandomNumberGenerator()
        let (choice, changes, due) = state.withLock { state in
            state.balancer.report(state.servers.compactMapValues { $0.session?.peerLoad.otherCalls })
            let due = state.balancer.due(at: .now).map { withChannel($0, &state) }
            let candidate =
                state.balancer.pick(avoiding: tried.union(failed), random: &generator)
                ?? state.balancer.pick(avoiding: failed, random: &generator)
            return (candidate.map { withChannel($0, &state) }, state.changes, due)
        }
        for server in due {
            Task { note(server.candidate, isWell: (try? await server.channel.session()) != nil) }
        }
        return (choice, changes)
    }

    private func withChannel(_ candidate: LoadBalancer.Candidate, _ state: inout State) -> Choice {
        let address = candidate.address
        let server = state.servers[address] ?? Server(channel: endpoint.channel(address, services: services))
        state.servers[address] = server
        return Choice(candidate: candidate, channel: server.channel)
    }

    /// A server has been reached, or has not.
    private func note(_ server: LoadBalancer.Candidate, isWell: Bool) {
        var generator = SystemRandomNumberGenerator()
        state.withLock { state in
            if isWell { return state.balancer.answered(server) }
            state.balancer.failed(server, at: .now, random: &generator)
        }
    }

    /// Counts a call as open until its observer is told of the end.
    private func begin(_ choice: Choice, on session: Session) -> CallObserver {
        let (candidate, address) = (choice.candidate, choice.candidate.address)
        state.withLock { state in
            state.balancer.began(candidate)
            if state.servers[address]?.channel === choice.channel { state.servers[address]?.session = session }
        }
        return { [weak self] status in
            var generator = SystemRandomNumberGenerator()
            self?.state.withLock { $0.balancer.ended(candidate, status.code, at: .now, random: &generator) }
        }
    }

    /// Waits until the resolver has another answer, or a while, after which servers may be back.
    private func change(after number: Int, _ deadline: ContinuousClock.Instant) async throws(RPCStatus) {
        let pause = min(deadline, .now + endpoint.configuration.initialBackoff * 4)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(until: pause, clock: .continuous) }
            group.addTask { await self.waitForChange(after: number) }
            await group.next()
            group.cancelAll()
        }
        if Task.isCancelled { throw RPCStatus(.cancelled, "\(name): the task was cancelled") }
    }

    /// Waits until the resolver has another answer, or the task is cancelled.
    private func waitForChange(after number: Int) async {
        let wait = state.withLock { state in
            state.waits += 1
            return state.waits
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // Whoever cancels from now on finds the waiter.
                    if state.changes != number || Task.isCancelled { return true }
                    state.waiters[wait] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: wait) }?.resume()
        }
    }

    /// Ends the sessions in use.
    public func close() async {
        let servers = state.withLock { state in
            defer { state.servers = [:] }
            return Array(state.servers.values)
        }
        for server in servers { await server.channel.close() }
    }
}
