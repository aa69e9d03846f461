/// What a handler knows of the call that it serves.
///
/// The handler's task is cancelled when the caller cancels, when the deadline passes and when the session ends.
public struct ServerContext: Sendable {
    /// The method's name on the wire, `atelier.echo.Echo/Unary`.
    public let method: String
    /// When the call fails with deadlineExceeded.
    ///
    /// Calls that the handler makes inherit it.
    public let deadline: ContinuousClock.Instant
    /// The caller's metadata.
    public var metadata: Metadata
    /// The attachments of a call with one request; those of a stream come with its messages.
    public let attachments: [Attachment]
    /// The session the call came over; calls can be made the other way.
    public let session: Session
    /// 0 at first, then the number of the retry.
    public let attempt: Int
    /// The same for every attempt of one logical call; may be empty.
    public let idempotencyKey: [UInt8]

    let call: ActiveCall

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
