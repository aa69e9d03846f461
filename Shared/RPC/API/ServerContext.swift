/// What a handler knows of the call that it serves.
///
/// The handler's task is cancelled when the caller cancels, when the deadline passes and when the session ends.
public struct ServerContext: Sendable {
    // All else is of the call: what handlers hand to each other takes memory of their task.
    let call: ServedCall
    private var changedMetadata: Metadata?

    init(_ call: ServedCall) {
        self.call = call
    }

    /// The method's name on the wire, `atelier.echo.Echo/Unary`.
    public var method: String { call.method }

    /// When the call fails with deadlineExceeded.
    ///
    /// Calls that the handler makes inherit it.
    public var deadline: ContinuousClock.Instant { call.deadline }

    /// The caller's metadata; an interceptor may hand on another.
    public var metadata: Metadata {
        get { changedMetadata ?? call.request.metadata }
        set { changedMetadata = newValue }
    }

    /// The attachments of a call with one request; those of a stream come with its messages.
    public var attachments: [Attachment] { call.first?.attachments ?? [] }

    /// The session the call came over; calls can be made the other way.
    public var session: Session { call.session }

    /// 0 at first, then the number of the retry.
    public var attempt: Int { Int(call.request.attempt) }

    /// The same for every attempt of one logical call; may be empty.
    public var idempotencyKey: [UInt8] { call.request.idempotencyKey }

    /// Sends metadata ahead of the first message.
    ///
    /// - Throws: ``RPCStatus`` failedPrecondition after the first message or the second time, resourceExhausted for more
    ///   than the peer takes.
    public func sendHeaders(_ headers: Metadata) async throws(RPCStatus) {
        try await call.sendHeaders(headers)
    }

    /// The caller.
    public var peer: PeerInfo { session.peer }

    /// The time that is left.
    public var remaining: Duration { deadline - .now }
}
