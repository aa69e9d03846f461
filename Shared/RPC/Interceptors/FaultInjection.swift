import Synchronization

/// Makes calls slow or lets them fail on purpose, so that what should survive that can be shown to.
public final class FaultInjection: ClientInterceptor, ServerInterceptor {
    /// What is done to which calls.
    public struct Rule: Sendable {
        /// The method's name on the wire, or its beginning followed by `*`.
        public var method: String
        /// The part of the calls that it is done to, from 0 to 1.
        public var probability: Double
        /// The calls are held up so long.
        public var delay: Duration
        /// What the calls end with instead of being made, if anything.
        public var status: RPCStatus?

        /// A rule.
        public init(
            method: String = "*", probability: Double = 1, delay: Duration = .zero, status: RPCStatus? = nil
        ) {
            self.method = method
            self.probability = probability
            self.delay = delay
            self.status = status
        }

        func matches(_ path: String) -> Bool {
            method.last == "*" ? path.hasPrefix(method.dropLast()) : path == method
        }
    }

    private struct State {
        var rules: [Rule]
        var generator: any RandomNumberGenerator & Sendable
    }

    private let state: Mutex<State>

    /// Faults by rules, the first that matches; the generator makes a run repeatable.
    public init(
        _ rules: [Rule], generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        state = Mutex(State(rules: rules, generator: generator))
    }

    /// Other rules from now on.
    public func replace(_ rules: [Rule]) {
        state.withLock { $0.rules = rules }
    }

    public func begin(_ call: inout ClientCall) async throws(RPCStatus) -> CallObserver? {
        try await strike(call.method.path)
        return nil
    }

    public func handle(
        _ context: ServerContext, _ next: @Sendable (ServerContext) async throws -> HandledCall
    ) async throws -> HandledCall {
        try await strike(context.method)
        return try await next(context)
    }

    private func strike(_ path: String) async throws(RPCStatus) {
        let rule = state.withLock { state -> Rule? in
            guard let rule = state.rules.first(where: { $0.matches(path) }) else { return nil }
            return Double.random(in: 0..<1, using: &state.generator) < rule.probability ? rule : nil
        }
        guard let rule else { return }
        if rule.delay > .zero {
            do { try await Task.sleep(for: rule.delay) } catch {
                throw RPCStatus(.cancelled, "\(path): the task was cancelled")
            }
        }
        if let status = rule.status { throw status }
    }
}
