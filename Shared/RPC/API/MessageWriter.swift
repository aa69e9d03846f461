import Messaging

/// Sends the messages of a stream.
public struct MessageWriter<Message: WireMessage>: Sendable {
    let call: ActiveCall

    /// Sends a message; returns once the connection has taken it, which needs the reader's credit.
    ///
    /// - Throws: ``RPCStatus``: the call's status if it is over, failedPrecondition after ``finish()``, resourceExhausted for
    ///   a message that the peer would not take, or cancelled.
    public func send(_ message: Message, attachments: [Attachment] = []) async throws(RPCStatus) {
        try await call.write(OutgoingMessage(message, attachments, call.method).prepared(call.conduct))
    }

    /// Says that no message follows; the other side's stream ends.
    ///
    /// Needless at the end of a handler, and of the closure of a client stream.
    public func finish() {
        call.endInput()
    }
}

extension OutgoingMessage {
    /// Encodes a message.
    ///
    /// - Throws: ``RPCStatus`` invalidArgument for a string that holds a NUL.
    init(_ message: some WireMessage, _ attachments: [Attachment], _ method: String) throws(RPCStatus) {
        do throws(WireError) { self.init(body: try message.encoded(), attachments: attachments) } catch {
            throw RPCStatus(.invalidArgument, "\(method): \(error)")
        }
    }
}
