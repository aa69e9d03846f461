import Messaging

/// Where a client's calls go: a ``Session``, or a ``Channel`` that opens sessions as needed.
public protocol Caller: Sendable {
    /// A session that takes calls.
    ///
    /// - Throws: ``RPCStatus`` unavailable when there is none and, unless `waitForReady`, none can be opened at once;
    ///   deadlineExceeded; cancelled.
    func session(waitForReady: Bool, deadline: ContinuousClock.Instant) async throws(RPCStatus) -> Session

    /// The timeout of calls that neither say one nor inherit one.
    var defaultTimeout: Duration { get }
}

// What generated clients call.
extension Caller {
    /// One request, one reply.
    public func unary<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, _ request: Input, attachments: [Attachment], options: CallOptions
    ) async throws(RPCStatus) -> Reply<Output> {
        let message = try OutgoingMessage(request, attachments, method.descriptor.path)
        let (session, start) = try await prepare(method.descriptor, options)
        let call = ActiveCall(core: session.core, method: start.method)
        return try await call.exchange(start, message).reply(call.method)
    }

    /// One request, many replies.
    public func serverStreaming<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, _ request: Input, attachments: [Attachment], options: CallOptions
    ) async throws(RPCStatus) -> MessageStream<Output> {
        let message = try OutgoingMessage(request, attachments, method.descriptor.path)
        let (session, start) = try await prepare(method.descriptor, options)
        let call = ActiveCall(core: session.core, method: start.method)
        call.begin(start, message, isEnd: true)
        return MessageStream(call: call, lifetime: CallLifetime(call))
    }

    /// Many requests, one reply.
    ///
    /// The stream ends when the closure returns; when it throws, the call is cancelled.
    ///
    /// - Throws: what the closure throws, or ``RPCStatus``.
    public func clientStreaming<Input: WireMessage, Output: WireMessage>(
        _ method: Method<Input, Output>, options: CallOptions, _ send: (MessageWriter<Input>) async throws -> Void
    ) async throws -> Reply<Output> {
        let (session, start) = try await prepare(method.descriptor, options)
        let call = ActiveCall(core: session.core, method: start.method)
        let lifetime = CallLifetime(call)
        defer { withExtendedLifetime(lifetime) {} }
        call.begin(start, nil, isEnd: false)
        do { try await send(MessageWriter(call: call)) } catch {
            // A server may answer before it has been told everything; then its answer counts.
            guard await call.hasEnded else { throw error }
        }
        call.endInput()
        return try await call.outcome().reply(call.method)
    }

    /// Many requests, many replies.
    ///
    /// When the closure returns or throws before the end of the replies, the call is cancelled; `finish()` of the
    /// writer ends the requests.
    ///
    /// - Throws: what the closure throws.
    public func bidirectional<Input: WireMessage, Output: WireMessage, Result>(
        _ method: Method<Input, Output>, options: CallOptions,
        _ body: (MessageWriter<Input>, MessageStream<Output>) async throws -> Result
    ) async throws -> Result {
        let (session, start) = try await prepare(method.descriptor, options)
        let call = ActiveCall(core: session.core, method: start.method)
        let lifetime = CallLifetime(call)
        defer { withExtendedLifetime(lifetime) {} }
        call.begin(start, nil, isEnd: false)
        return try await body(MessageWriter(call: call), MessageStream(call: call, lifetime: lifetime))
    }

    private func prepare(
        _ method: MethodDescriptor, _ options: CallOptions
    ) async throws(RPCStatus) -> (Session, CallRequest) {
        let deadline = CallDeadline.next(options, default: defaultTimeout)
        let session = try await session(waitForReady: options.waitForReady, deadline: deadline)
        let remaining = deadline - .now
        guard remaining > .zero else { throw RPCStatus(.deadlineExceeded, "\(method.path): the deadline passed") }
        return (
            session,
            CallRequest(
                method: method.path, timeout: remaining, metadata: options.metadata, attempt: 0,
                idempotencyKey: options.idempotencyKey, waitForReady: options.waitForReady)
        )
    }
}
