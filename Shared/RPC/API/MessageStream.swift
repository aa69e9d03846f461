import Messaging

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

    /// Reads the stream.
    public struct Iterator: AsyncIteratorProtocol {
        let call: ActiveCall
        let lifetime: CallLifetime?

        /// The next message, or nil when the sender has ended the stream well.
        ///
        /// - Throws: ``RPCStatus``: the call's status, or cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCStatus) -> Element? {
            guard let message = try await call.next() else { return nil }
            return try message.decoded(call.method)
        }

        /// The next message; see ``next(isolation:)``.
        public mutating func next() async throws(RPCStatus) -> Element? {
            try await next(isolation: nil)
        }
    }

    /// Reads the stream from where it is.
    public func makeAsyncIterator() -> Iterator {
        Iterator(call: call, lifetime: lifetime)
    }
}

/// Cancels a client's call when nobody can read it any more.
final class CallLifetime: Sendable {
    private let call: ActiveCall

    init(_ call: ActiveCall) {
        self.call = call
    }

    deinit {
        call.abandon()
    }
}

extension IncomingMessage {
    /// The message of the method's type.
    ///
    /// - Throws: ``RPCStatus`` invalidArgument when the bytes are not one.
    func decoded<Message: WireMessage>(_ method: String) throws(RPCStatus) -> Attached<Message> {
        let result: Result<Message, WireError> = body.withUnsafeBytes { bytes in
            do throws(WireError) { return .success(try Message(decoding: bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let message): return Attached(message: message, attachments: attachments)
        case .failure(let error): throw RPCStatus(.invalidArgument, "\(method): \(error)")
        }
    }
}
