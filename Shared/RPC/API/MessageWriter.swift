import Messaging

/// Sends the messages of a stream.
public struct MessageWriter<Message: WireMessage>: Sendable {
    let call: ActiveCall

    /// Sends a message; returns once the connection has taken it, which needs the reader's credit.
    ///
    /// - Throws: ``RPCStatus``: the call's status if it is over, failedPrecondition after ``finish()``, resourceExhausted for
    ///   a message that the peer would not take, or cancelled.
    public func send(_ message: Message, attachments: [Attachment] = []) async throws(RPCStatus) {
        try await call.write(OutgoingMessage(message, attachments, call.method, call.outgoing).prepared(call.conduct))
    }

    /// Says that no message follows; the other side's stream ends.
    ///
    /// Needless at the end of a handler, and of the closure of a client stream.
    public func finish() {
        call.endInput()
    }
}

/// Which way a message goes: where it cannot be written or read, who made it is at fault.
enum MessageDirection {
    case request, reply

    var fault: RPCStatus.Code {
        switch self {
        case .request: .invalidArgument
        case .reply: .internalError
        }
    }
}

extension ActiveCall {
    /// What this end sends.
    var outgoing: MessageDirection { self is ServedCall ? .reply : .request }

    /// What this end receives.
    var incoming: MessageDirection { self is ServedCall ? .request : .reply }
}

extension OutgoingMessage {
    /// Encodes a message.
    ///
    /// - Throws: ``RPCStatus`` with the direction's fault for a string that holds a NUL.
    init(
        _ message: some WireMessage, _ attachments: [Attachment], _ method: String, _ direction: MessageDirection
    ) throws(RPCStatus) {
        do throws(WireError) { self.init(body: try message.encoded(), attachments: attachments) } catch {
            throw RPCStatus(direction.fault, "\(method): \(error)")
        }
    }
}
