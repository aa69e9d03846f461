import Ledger
import Logging
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Leases units, draws them, and hands them to the learner, one after another.
///
/// Used from one task.
public final class SamplerLoop {
    private let name: String
    private let endpoint: Endpoint
    private let membership: FleetMembership
    private let host: any Drawing
    private let adapters: AdapterFeed
    private let log: Logger
    private let books: SamplingClient
    private var learner: LearnerConnection?
    private var bound: PublishedPolicy?
    private var failures = 0
    /// How many units in a row may fail before the sampler gives up.
    private static let patience = 5

    /// A loop.
    ///
    /// - Parameters:
    ///   - name: what the sampler is called in the fleet.
    ///   - endpoint: dials the learner.
    ///   - membership: the way to the coordinator.
    ///   - host: what draws.
    ///   - adapters: where adapters come from.
    ///   - log: is told of units that fail.
    public init(
        name: String, _ endpoint: Endpoint, _ membership: FleetMembership, _ host: any Drawing, _ adapters: AdapterFeed,
        _ log: Logger
    ) {
        self.name = name
        self.endpoint = endpoint
        self.membership = membership
        self.host = host
        self.adapters = adapters
        self.log = log
        books = SamplingClient(membership.coordinator)
    }

    /// Works until the run is over or the task is cancelled.
    ///
    /// - Throws: what the last unit failed of, after several in a row have.
    public func run() async throws {
        // Whoever takes a unit may hand on what is to be drawn next.
        var next: DrawingOrder?
        while !Task.isCancelled {
            let answer = if let next { LeaseAnswer.draw(next) } else { try await ask() }
            switch answer {
            case .stop: return
            case .wait(let reason): membership.now("waiting: \(reason)")
            case .draw(let order):
                // The way of a unit, from here to its scores, is one trace.
                next = try await TraceContext.$current.withValue(TraceContext()) { try await work(on: order) }
            }
        }
    }

    private func ask() async throws -> LeaseAnswer {
        do {
            let reply = try await books.lease(
                ControlLeaseRequest(worker: name, waitMs: 10_000),
                options: CallOptions(timeout: .seconds(20), waitForReady: true))
            return try LeaseAnswer(reply.message)
        } catch let status as RPCStatus where status.code == .unavailable || status.code == .deadlineExceeded {
            // The membership decides how long the coordinator may be away.
            try await Task.sleep(for: .milliseconds(500))
            return .wait("the coordinator does not answer")
        }
    }

    private func work(on order: DrawingOrder) async throws -> DrawingOrder? {
        do {
            let next = try await draw(order)
            failures = 0
            return next
        } catch {
            failures += 1
            let reason = ServiceProcess.oneLine(error)
            log.warning("\(order.unit) failed: \(reason)")
            _ = try? await books.giveUp(
                ControlGiveUpRequest(
                    worker: name, unit: order.unit.rawValue, token: order.token.rawValue, reason: reason),
                options: CallOptions(timeout: .seconds(5)))
            if Task.isCancelled || failures >= Self.patience { throw error }
            try await Task.sleep(for: .milliseconds(500))
            return nil
        }
    }

    private func draw(_ order: DrawingOrder) async throws -> DrawingOrder? {
        let deadline = ContinuousClock.now + .seconds(order.remainingSeconds)
        let learner = connection(order.learnerAddress)
        await adapters.follow(learner.address)
        if bound != order.policy { try await bind(order.policy, from: learner) }
        membership.now("drawing \(order.unit)")
        let drawn = try await host.draw(order, worker: name)
        membership.now("submitting \(order.unit)")
        let reply = try await learner.submit(drawn, until: deadline)
        let outcome = try SubmitOutcome(reply.outcome)
        log.debug("\(order.unit) \(outcome.rawValue) \(reply.reason)")
        if outcome == .refused { throw ServiceError("the learner refused \(order.unit): \(reply.reason)") }
        return reply.next.map(DrawingOrder.init)
    }

    private func connection(_ address: String) -> LearnerConnection {
        if let learner, learner.address == address { return learner }
        let connection = LearnerConnection(endpoint, address: address)
        learner = connection
        return connection
    }

    private func bind(_ policy: PublishedPolicy, from learner: LearnerConnection) async throws {
        membership.now("fetching adapter \(policy.version)")
        bound = nil
        let (sha256, modules) = try await host.bind(
            try await adapters.adapter(policy), name: "adapter \(policy.version) of \(learner.address)")
        let measured = PublishedPolicy(version: policy.version, sha256: sha256, modules: modules)
        let reply = try await books.acknowledge(
            ControlAcknowledgeRequest(
                worker: name, policyVersion: UInt32(policy.version), sha256: sha256, modules: UInt32(modules)),
            options: CallOptions(timeout: .seconds(10), waitForReady: true))
        guard reply.message.matches, measured == policy else {
            throw ServiceError(
                "adapter \(policy.version) bound \(modules) modules with hash \(sha256); published were "
                    + "\(policy.modules) with \(policy.sha256)")
        }
        bound = policy
    }
}
