import Messaging
import Synchronization

/// The messages of a stream, as they come.
///
/// Reading one gives the sender credit for more.
///
/// It can be iterated once. A client that drops it before its end cancels the call.
public struct MessageStream<Message: WireMessage>: AsyncSequence, Sendable {
    /// A message with its attachments.
    public typealias Element = Attached<Message>
    /// How the call ended, if not well.
    public typealias Failure = RPCStatus

    let call: ActiveCall
    let lifetime: CallLifetime?
    /// For a client's call that may be made again before its first message.
    let attempts: StreamAttempts?

    /// Reads the stream.
    public struct Iterator: AsyncIteratorProtocol {
        var call: ActiveCall
        var lifetime: CallLifetime?
        var attempts: StreamAttempts?

        /// The next message, or nil when the sender has ended the stream well.
        ///
        /// - Throws: ``RPCStatus``: the call's status, or cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCStatus) -> Element? {
            while true {
                let message: IncomingMessage?
                do throws(RPCStatus) { message = try await call.next() } catch {
                    guard var attempts, !Task.isCancelled else { throw error }
                    call = try await attempts.next(after: error)
                    lifetime?.goOn(with: call)
                    self.attempts = attempts
                    continue
                }
                attempts?.succeeded()
                attempts = nil
                return try message?.decoded(call.method, call.incoming)
            }
        }

        /// The next message; see ``next(isolation:)``.
        public mutating func next() async throws(RPCStatus) -> Element? {
            try await next(isolation: nil)
        }
    }

    /// Reads the stream from where it is.
    public func makeAsyncIterator() -> Iterator {
        Iterator(call: call, lifetime: lifetime, attempts: attempts)
    }

    /// What came ahead of the first message: of the server, which is waited for until its first message or the end; to a
    /// handler the caller's metadata.
    ///
    /// A call that is made again may have other headers then: they are final once a message has been read.
    public var headers: Metadata {
        get async { await (lifetime?.call ?? call).receivedHeaders() }
    }
}

/// A client's call, in the attempt that counts; cancelled when nobody can read it any more.
final class CallLifetime: Sendable {
    private let current: Mutex<ActiveCall>
    /// A channel that nobody holds ends its session.
    private let caller: any Caller

    init(_ call: ActiveCall, of caller: any Caller) {
        current = Mutex(call)
        self.caller = caller
    }

    var call: ActiveCall { current.withLock(\.self) }

    /// The call is made again: the attempt before is over.
    func goOn(with call: ActiveCall) {
        current.withLock { $0 = call }
    }

    deinit {
        call.abandon()
    }
}

extension IncomingMessage {
    /// The message of the method's type.
    ///
    /// - Throws: ``RPCStatus`` with the direction's fault when the bytes are not one, dataLoss when they are not those that
    ///   were sent.
    func decodedMessage<Message: WireMessage>(
        _ method: String, _ direction: MessageDirection
    ) throws(RPCStatus) -> Message {
        try withBody(method) { (bytes) throws(RPCStatus) in
            do throws(WireError) { return try Message(decoding: bytes) } catch {
                throw RPCStatus(direction.fault, "\(method): \(error)")
            }
        }
    }

    /// The same with its attachments.
    ///
    /// - Throws: as ``decodedMessage(_:_:)``.
    func decoded<Message: WireMessage>(
        _ method: String, _ direction: MessageDirection
    ) throws(RPCStatus) -> Attached<Message> {
        Attached(message: try decodedMessage(method, direction), attachments: attachments)
    }
}
