import Synchronization

/// A call as one span of a trace.
public struct CallSpan: Sendable {
    /// `atelier.echo.Echo/Unary`.
    public let method: String
    /// Whether this process made the call; else it served it.
    public let isClient: Bool
    /// The span's place in the trace.
    public let context: TraceContext
    /// The span above it, as 8 bytes, or empty for the first of a trace.
    public let parent: [UInt8]
    /// When it began and how long it took.
    public let start: ContinuousClock.Instant
    /// How long it took.
    public let duration: Duration
    /// How it ended.
    public let status: RPCStatus.Code
}

/// Carries `traceparent` from call to call, and tells of every span that ends.
public struct Tracing: ClientInterceptor, ServerInterceptor {
    private let record: @Sendable (CallSpan) -> Void

    /// Tracing that tells a closure of the spans; it must not block.
    public init(_ record: @escaping @Sendable (CallSpan) -> Void = { _ in }) {
        self.record = record
    }

    public func begin(_ call: inout ClientCall) async throws(RPCStatus) -> CallObserver? {
        let parent = TraceContext.current
        let context = parent?.child() ?? TraceContext()
        call.metadata.replace(TraceContext.key, context.traceparent)
        let (start, method, record) = (ContinuousClock.now, call.method.path, record)
        return { status in
            record(
                CallSpan(
                    method: method, isClient: true, context: context, parent: parent?.span ?? [], start: start,
                    duration: .now - start, status: status.code))
        }
    }

    public func handle(
        _ context: ServerContext, _ next: @Sendable (ServerContext) async throws -> HandledCall
    ) async throws -> HandledCall {
        let parent = context.metadata[TraceContext.key].flatMap { TraceContext($0) }
        let trace = parent?.child() ?? TraceContext()
        let start = ContinuousClock.now
        func ended(_ code: RPCStatus.Code) {
            record(
                CallSpan(
                    method: context.method, isClient: false, context: trace, parent: parent?.span ?? [], start: start,
                    duration: .now - start, status: code))
        }
        do {
            let handled = try await TraceContext.$current.withValue(trace) { try await next(context) }
            ended(.ok)
            return handled
        } catch {
            ended(RPCStatus(error).code)
            throw error
        }
    }
}
