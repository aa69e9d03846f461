import Synchronization

/// Counts and times the calls of an endpoint, by method.
public final class CallMetrics: ClientInterceptor, ServerInterceptor {
    /// What is counted apart.
    public struct Key: Hashable, Sendable {
        /// `atelier.echo.Echo/Unary`.
        public let method: String
        /// Whether this process made the calls; else it served them.
        public let isClient: Bool

        /// The calls of a method, made or served.
        public init(method: String, isClient: Bool) {
            self.method = method
            self.isClient = isClient
        }
    }

    /// The figures of one method.
    public struct Figures: Hashable, Sendable {
        /// Calls that began.
        public internal(set) var started = 0
        /// Calls that ended, by status.
        public internal(set) var ended: [RPCStatus.Code: Int] = [:]
        /// Time of all calls that ended.
        public internal(set) var total: Duration = .zero
        /// Calls that ended within 2^index microseconds, and not within half of that.
        var histogram = [Int](repeating: 0, count: 40)

        /// An upper bound, at most twice the truth, of the time within which a part of the calls ended.
        public func duration(ofPart part: Double) -> Duration {
            let count = histogram.reduce(0, +)
            var rest = Int((Double(count) * part).rounded(.up))
            for (index, bucket) in histogram.enumerated() {
                rest -= bucket
                if rest <= 0 { return count == 0 ? .zero : .microseconds(1 << index) }
            }
            return .microseconds(Int64(1) << 40)
        }

        /// The mean time of a call.
        public var mean: Duration {
            let count = ended.values.reduce(0, +)
            return count == 0 ? .zero : total / count
        }

        mutating func end(_ code: RPCStatus.Code, _ duration: Duration) {
            ended[code, default: 0] += 1
            total += duration
            let microseconds = UInt64(clamping: Int64(max(.zero, duration) / .microseconds(1)))
            histogram[min(UInt64.bitWidth - microseconds.leadingZeroBitCount, histogram.count - 1)] += 1
        }
    }

    private let state = Mutex<[Key: Figures]>([:])

    /// No calls yet.
    public init() {}

    /// The figures now.
    public var figures: [Key: Figures] { state.withLock(\.self) }

    public func begin(_ call: inout ClientCall) async throws(RPCStatus) -> CallObserver? {
        start(Key(method: call.method.path, isClient: true))
    }

    public func handle(
        _ context: ServerContext, _ next: @Sendable (ServerContext) async throws -> HandledCall
    ) async throws -> HandledCall {
        let ended = start(Key(method: context.method, isClient: false))
        do {
            let handled = try await next(context)
            ended(RPCStatus(.ok, ""))
            return handled
        } catch {
            ended(RPCStatus(error))
            throw error
        }
    }

    private func start(_ key: Key) -> CallObserver {
        state.withLock { $0[key, default: Figures()].started += 1 }
        let start = ContinuousClock.now
        return { [self] status in
            let duration = ContinuousClock.now - start
            state.withLock { $0[key, default: Figures()].end(status.code, duration) }
        }
    }
}
