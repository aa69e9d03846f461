import Messaging

/// Where a client's calls go: a ``Session``, a ``Channel`` that opens sessions as needed, a ``BalancedChannel`` that
/// chooses among several, or a choice of one's own among these.
public protocol Caller: Sendable {
    /// A session that takes calls.
    ///
    /// Addresses in `tried` have failed this call before; others are preferred.
    ///
    /// - Throws: ``RPCStatus`` unavailable when there is none and, unless `waitForReady`, none can be opened at once;
    ///   deadlineExceeded; cancelled.
    func route(
        avoiding tried: Set<String>, waitForReady: Bool, deadline: ContinuousClock.Instant
    ) async throws(RPCStatus) -> CallRoute

    /// The timeout of calls that neither say one nor inherit one.
    var defaultTimeout: Duration { get }

    /// How calls that fail are made again.
    var retrying: Retrying { get }
}

/// A session for one attempt of a call.
public struct CallRoute: Sendable {
    let session: Session
    /// What the choice among several goes by.
    let address: String
    /// Is told how the attempt ended.
    let observer: CallObserver?

    /// A session, where it leads (nil: its peer's address), and who is told of the attempt's end, if anybody.
    public init(session: Session, address: String? = nil, observer: CallObserver? = nil) {
        self.session = session
        self.address = address ?? session.remoteAddress
        self.observer = observer
    }
}

// What generated clients call.
extension Caller {
    /// One request, one reply.
    public func unary<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, _ request: Input, attachments: [Attachment], options: CallOptions
    ) async throws(RPCStatus) -> Reply<Output> {
        let message = try OutgoingMessage(request, attachments, method.descriptor.path, .request)
        let plan = CallPlan(caller: self, method: method.descriptor, options: options)
        return try await plan.unary(message).reply(method.descriptor.path)
    }

    /// One request, many replies.
    ///
    /// A call that may be repeated is made again, by the caller's retries, if it fails before its first reply.
    public func serverStreaming<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, _ request: Input, attachments: [Attachment], options: CallOptions
    ) async throws(RPCStatus) -> MessageStream<Output> {
        let message = try OutgoingMessage(request, attachments, method.descriptor.path, .request)
        var attempts = StreamAttempts(
            plan: CallPlan(caller: self, method: method.descriptor, options: options), message: message)
        let call = try await attempts.open()
        return MessageStream(call: call, lifetime: CallLifetime(call, of: self), attempts: attempts)
    }

    /// Many requests, one reply.
    ///
    /// The stream ends when the closure returns; when it throws, the call is cancelled. Never retried: nobody keeps what
    /// was sent.
    ///
    /// - Throws: what the closure throws, or ``RPCStatus``.
    public func clientStreaming<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, options: CallOptions, _ send: (MessageWriter<Input>) async throws -> Void
    ) async throws -> Reply<Output> {
        let plan = CallPlan(caller: self, method: method.descriptor, options: options)
        let (call, start) = try await plan.prepare(try await plan.route([]), attempt: 0)
        let lifetime = CallLifetime(call, of: self)
        defer { withExtendedLifetime(lifetime) {} }
        call.begin(start, nil, isEnd: false)
        do { try await send(MessageWriter(call: call)) } catch let status as RPCStatus {
            // A server may answer before it has been told everything; then its answer counts.
            guard await call.hasEnded else { throw status }
        }
        call.endInput()
        return try await call.outcome().reply(call.method)
    }

    /// Many requests, many replies.
    ///
    /// When the closure returns or throws before the end of the replies, the call is cancelled; `finish()` of the
    /// writer ends the requests. Never retried.
    ///
    /// - Throws: what the closure throws.
    public func bidirectional<Input: WireMessage, Output: WireMessage, Result>(
        _ method: Method<Input, Output>, options: CallOptions,
        _ body: (MessageWriter<Input>, MessageStream<Output>) async throws -> Result
    ) async throws -> Result {
        let plan = CallPlan(caller: self, method: method.descriptor, options: options)
        let (call, start) = try await plan.prepare(try await plan.route([]), attempt: 0)
        let lifetime = CallLifetime(call, of: self)
        defer { withExtendedLifetime(lifetime) {} }
        call.begin(start, nil, isEnd: false)
        return try await body(
            MessageWriter(call: call), MessageStream(call: call, lifetime: lifetime, attempts: nil))
    }
}
