import Synchronization

/// The way to a service that several servers offer: each call goes to one of them, chosen by a policy.
///
/// A name resolver says where they are: ``update(_:)`` takes its answer whenever that changes. Servers that stay keep their
/// sessions; those that are gone are let finish what they have.
public final class BalancedChannel: Caller {
    private struct State {
        var balancer: LoadBalancer
        var channels: [String: Channel] = [:]
        var waiters: [CheckedContinuation<Void, Never>] = []
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
        retrying = Retrying(endpoint.configuration.retry)
        let backoff = ConnectionBackoff(
            initial: endpoint.configuration.initialBackoff, maximum: endpoint.configuration.maximumBackoff)
        state = Mutex(State(balancer: LoadBalancer(policy, backoff: backoff)))
    }

    /// Where the servers are, in the resolver's order.
    public var addresses: [String] { state.withLock { $0.balancer.candidates.map(\.address) } }

    /// Takes the resolver's answer.
    public func update(_ addresses: [String]) {
        let (gone, waiters) = state.withLock { state in
            guard addresses != state.balancer.candidates.map(\.address) else { return ([Channel](), state.waiters) }
            state.balancer.update(addresses)
            let gone = state.channels.filter { !addresses.contains($0.key) }
            for address in gone.keys { state.channels[address] = nil }
            defer { state.waiters = [] }
            state.changes += 1
            return (Array(gone.values), state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        for channel in gone { Task { await channel.retire() } }
    }

    /// Follows a name resolver until it ends or the task is cancelled.
    public func follow(_ resolver: some AsyncSequence<[String], Never>) async {
        for await addresses in resolver { update(addresses) }
    }

    public func route(
        avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> CallRoute {
        var failed = Set<String>()
        var last = RPCStatus(.unavailable, "\(name): no server is known", notProcessed: true)
        while true {
            let (choice, changes) = pick(tried, failed)
            guard let (address, channel) = choice else {
                guard waitForReady, ContinuousClock.now < deadline else { throw last }
                try await change(after: changes, deadline)
                failed = []
                continue
            }
            do throws(RPCStatus) {
                let session = try await channel.session(waitForReady: false, deadline: deadline)
                state.withLock { $0.balancer.change(address) { $0.reportedLoad = session.peerLoad.otherCalls } }
                return CallRoute(session: session, address: address, observer: begin(address))
            } catch {
                guard error.code == .unavailable else { throw error }
                note(address, isWell: false)
                failed.insert(address)
                last = error
            }
        }
    }

    /// A server that has not refused this attempt: rather one that has not failed this call, but any if need be.
    private func pick(_ tried: Set<String>, _ failed: Set<String>) -> ((String, Channel)?, Int) {
        var generator = SystemRandomNumberGenerator()
        let (choice, changes, due) = state.withLock { state in
            let due = state.balancer.due(at: .now).map { ($0, channel($0, &state)) }
            let address =
                state.balancer.pick(avoiding: tried.union(failed), random: &generator)
                ?? state.balancer.pick(avoiding: failed, random: &generator)
            return (address.map { ($0, channel($0, &state)) }, state.changes, due)
        }
        for (address, channel) in due {
            Task { note(address, isWell: (try? await channel.session()) != nil) }
        }
        return (choice, changes)
    }

    private func channel(_ address: String, _ state: inout State) -> Channel {
        let channel = state.channels[address] ?? endpoint.channel(address, services: services)
        state.channels[address] = channel
        return channel
    }

    /// A server has been reached or has answered, or has not.
    private func note(_ address: String, isWell: Bool) {
        var generator = SystemRandomNumberGenerator()
        state.withLock { state in
            if isWell { return state.balancer.answered(address) }
            state.balancer.failed(address, at: .now, random: &generator)
        }
    }

    /// Counts a call as open until its observer is told of the end.
    private func begin(_ address: String) -> CallObserver {
        state.withLock { $0.balancer.change(address) { $0.outstanding += 1 } }
        return { [weak self] status in
            guard let self else { return }
            state.withLock { $0.balancer.change(address) { $0.outstanding -= 1 } }
            note(address, isWell: status.code != .unavailable)
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
            self.wakeAll()
        }
        if Task.isCancelled { throw RPCStatus(.cancelled, "\(name): the task was cancelled") }
    }

    private func waitForChange(after number: Int) async {
        await withCheckedContinuation { continuation in
            let isPast = state.withLock { state in
                if state.changes != number { return true }
                state.waiters.append(continuation)
                return false
            }
            if isPast { continuation.resume() }
        }
    }

    private func wakeAll() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Ends the sessions in use.
    public func close() async {
        let channels = state.withLock { state in
            defer { state.channels = [:] }
            return Array(state.channels.values)
        }
        for channel in channels { await channel.close() }
    }
}
