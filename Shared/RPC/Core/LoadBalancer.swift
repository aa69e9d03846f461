/// How a call's server is chosen among several.
public enum LoadBalancing: String, Hashable, Sendable, CaseIterable {
    /// The first that can be reached, in the resolver's order.
    case pickFirst
    /// One after the other.
    case roundRobin
    /// Of two chosen at random, the one with fewer calls: our own that are open, and what it last said of its queue.
    case leastLoaded
}

/// The choice, decided: no clock, no task, no connection.
package struct LoadBalancer: Sendable {
    /// A server as the choice sees it.
    package struct Candidate: Hashable, Sendable {
        package let address: String
        /// Tells it from those that had the address before: what was begun there is none of its calls.
        fileprivate let generation: Int
        /// Our calls that are open there.
        package fileprivate(set) var outstanding = 0
        /// Calls of others that it last said it has.
        package fileprivate(set) var reportedLoad = 0
        /// Attempts in a row that came to nothing.
        package fileprivate(set) var failures = 0
        /// When somebody should see whether it is back; nil while it is well, or somebody does.
        fileprivate var lookAt: ContinuousClock.Instant?
        fileprivate var backoff: ConnectionBackoff

        fileprivate init(address: String, generation: Int, backoff: ConnectionBackoff) {
            self.address = address
            self.generation = generation
            self.backoff = backoff
        }

        var load: Int { outstanding + reportedLoad }
    }

    package let policy: LoadBalancing
    package private(set) var candidates: [Candidate] = []
    private let backoff: ConnectionBackoff
    private var next = 0
    private var generation = 0

    /// A choice among nobody yet; one that fails is left alone as long as the back-off says.
    package init(_ policy: LoadBalancing, backoff: ConnectionBackoff) {
        self.policy = policy
        self.backoff = backoff
    }

    /// The resolver's answer: those that stay keep what is known of them.
    package mutating func update(_ addresses: [String]) {
        var seen: Set<String> = []
        generation += 1
        candidates = addresses.filter { seen.insert($0).inserted }.map { address in
            candidates.first { $0.address == address }
                ?? Candidate(address: address, generation: generation, backoff: backoff)
        }
    }

    /// What the servers last said of their load, by address; of one that says nothing none is known.
    package mutating func report(_ loads: [String: Int]) {
        for index in candidates.indices { candidates[index].reportedLoad = loads[candidates[index].address] ?? 0 }
    }

    /// Changes what is known of a server, unless it is gone.
    private mutating func change(_ server: Candidate, _ body: (inout Candidate) -> Void) {
        let index = candidates.firstIndex { $0.address == server.address && $0.generation == server.generation }
        if let index { body(&candidates[index]) }
    }

    /// A call goes to a server.
    package mutating func began(_ server: Candidate) {
        change(server) { $0.outstanding += 1 }
    }

    /// A call that went to a server has ended.
    package mutating func ended(
        _ server: Candidate, _ code: RPCStatus.Code, at now: ContinuousClock.Instant,
        random: inout some RandomNumberGenerator
    ) {
        change(server) { $0.outstanding -= 1 }
        switch code {
        case .unavailable: failed(server, at: now, random: &random)
        // It was given up, or late, perhaps before it got there: that says nothing of the server.
        case .cancelled, .deadlineExceeded: break
        default: answered(server)
        }
    }

    /// An attempt came to nothing: others are preferred until the server has been seen to be back.
    package mutating func failed(
        _ server: Candidate, at now: ContinuousClock.Instant, random: inout some RandomNumberGenerator
    ) {
        change(server) { candidate in
            candidate.failures += 1
            candidate.lookAt = now + candidate.backoff.failed(using: &random)
        }
    }

    /// The server does what it is asked.
    package mutating func answered(_ server: Candidate) {
        change(server) { candidate in
            guard candidate.failures > 0 else { return }
            candidate.failures = 0
            candidate.lookAt = nil
            candidate.backoff.succeeded()
        }
    }

    /// Servers that failed, and of which it is time to see whether they are back: each is named once.
    ///
    /// Who asks says ``failed(_:at:random:)`` or ``answered(_:)`` later. A call that goes elsewhere would never find out.
    package mutating func due(at now: ContinuousClock.Instant) -> [Candidate] {
        var due: [Candidate] = []
        for (index, candidate) in candidates.enumerated() where candidate.lookAt.map({ $0 <= now }) == true {
            candidates[index].lookAt = nil
            due.append(candidate)
        }
        return due
    }

    /// The server for a call, or nil when there is none to be tried.
    ///
    /// Servers that failed lately are chosen only when there are no others; `tried` are not chosen again by this call.
    package mutating func pick(avoiding tried: Set<String>, random: inout some RandomNumberGenerator) -> Candidate? {
        let open = candidates.filter { !tried.contains($0.address) }
        guard let fewest = open.map(\.failures).min() else { return nil }
        let healthy = open.filter { $0.failures == fewest }
        switch policy {
        case .pickFirst: return healthy.first
        case .roundRobin:
            defer { next &+= 1 }
            return healthy[next % healthy.count]
        case .leastLoaded:
            let left = Int.random(in: 0..<healthy.count, using: &random)
            guard healthy.count > 1 else { return healthy[left] }
            // A second one that is not the first.
            let right = (left + Int.random(in: 1..<healthy.count, using: &random)) % healthy.count
            return healthy[healthy[right].load < healthy[left].load ? right : left]
        }
    }
}
