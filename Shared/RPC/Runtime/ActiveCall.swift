import Messaging

/// A call as tasks see it: what they wait for, and what has come for them.
///
/// The state is touched on the reactor of the call's session only (by `SessionCore`), which is why it may be `Sendable`;
/// the methods are called from anywhere, and hop. As a timer it is its own deadline.
class ActiveCall: ReactorTimer, @unchecked Sendable {
    /// How a call with one reply ended.
    struct Outcome: Sendable {
        var message: IncomingMessage?
        var status: RPCStatus
        var headers = Metadata()
    }

    let core: SessionCore
    let method: String
    let conduct: SessionConduct
    /// Is told of the end of a client's call; set before it begins.
    var observer: CallObserver?

    // Of the reactor.
    var id: UInt64?
    var inbox = ShortQueue<IncomingMessage>()
    var inputHasEnded = false
    /// What came ahead of the first message; a served call has it from the beginning.
    var headers: Metadata?
    var headerReaders: [CheckedContinuation<Metadata, Never>] = []
    var status: RPCStatus?
    var isAbandoned = false
    var reader: Waiter<IncomingMessage?>?
    /// By the tickets of their messages.
    var writers: [UInt64: Waiter<Void>] = [:]
    var nextTicket: UInt64 = 0
    var completion: UnsafeContinuation<Outcome, Never>?
    init(core: SessionCore, method: String, conduct: SessionConduct) {
        self.core = core
        self.method = method
        self.conduct = conduct
    }

    override func fire() {
        if let id { core.timerFired(.deadline(call: id)) }
    }

    /// At once where the caller runs on the reactor, otherwise after everything submitted before.
    private func onReactor(_ body: @escaping @Sendable (SessionCore) -> Void) {
        if core.reactor.isCurrent { return body(core) }
        later(body)
    }

    private func later(_ body: @escaping @Sendable (SessionCore) -> Void) {
        core.reactor.submit { [core] in body(core) }
    }

    // MARK: For clients

    /// Opens the call.
    func begin(_ request: CallRequest, _ message: OutgoingMessage?, isEnd: Bool) {
        onReactor { $0.begin(self, request, message, isEnd: isEnd) }
    }

    /// Opens the call with one request and waits for its end.
    func exchange(_ request: CallRequest, _ message: OutgoingMessage) async -> Outcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if core.reactor.isCurrent { return start(request, message, continuation) }
                core.reactor.submit { self.start(request, message, continuation) }
            }
        } onCancel: {
            abandon()
        }
    }

    private func start(
        _ request: CallRequest, _ message: OutgoingMessage, _ continuation: UnsafeContinuation<Outcome, Never>
    ) {
        completion = continuation
        core.begin(self, request, message, isEnd: true)
    }

    /// Waits for the end of a call that has been opened.
    func outcome() async -> Outcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                onReactor {
                    self.completion = continuation
                    $0.completeIfEnded(self)
                }
            }
        } onCancel: {
            abandon()
        }
    }

    /// Cancels the call unless it is over.
    ///
    /// Never at once: what drops the last reference to a stream may be the session itself, in the middle of something.
    func abandon() {
        later { $0.abandon(self) }
    }

    /// Whether the status is known.
    var hasEnded: Bool {
        get async { await core.reactor.perform { self.status != nil } }
    }

    /// What came ahead of the first message, once that is known.
    func receivedHeaders() async -> Metadata {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                onReactor { $0.readHeaders(self, continuation) }
            }
        } onCancel: {
            abandon()
        }
    }

    // MARK: For servers

    func sendHeaders(_ headers: Metadata) async throws(RPCStatus) {
        try await withCheckedContinuation { continuation in
            onReactor { continuation.resume(returning: $0.sendHeaders(self, headers)) }
        }.get()
    }

    // MARK: For both ends

    /// The next message, or nil at the end of the stream.
    func next() async throws(RPCStatus) -> IncomingMessage? {
        let cancellation = TaskCancellation()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                onReactor { $0.read(self, cancellation, continuation) }
            }
        } onCancel: {
            later { core in
                cancellation.hasHappened = true
                core.taskWasCancelled(self, cancellation)
            }
        }.get()
    }

    /// Sends a message; returns when the link has taken all of it.
    func write(_ message: OutgoingMessage) async throws(RPCStatus) {
        let cancellation = TaskCancellation()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                onReactor { $0.write(self, message, cancellation, continuation) }
            }
        } onCancel: {
            later { core in
                cancellation.hasHappened = true
                core.taskWasCancelled(self, cancellation)
            }
        }.get()
    }

    /// Says that no message follows.
    func endInput() {
        onReactor { $0.endInput(self) }
    }
}

/// Whether the task that waits has been cancelled: that may become known before the wait does.
///
/// Touched on the reactor only, which is why it may be `Sendable`.
final class TaskCancellation: @unchecked Sendable {
    var hasHappened = false
}

/// A task that waits for something of a call.
///
/// An object: as a struct its layout is known at run time only, and every call would pay for asking, whether anybody waits or not.
final class Waiter<Value: Sendable>: Sendable {
    let continuation: CheckedContinuation<Result<Value, RPCStatus>, Never>
    /// Of this task: others may wait for the same call.
    let cancellation: TaskCancellation

    init(continuation: CheckedContinuation<Result<Value, RPCStatus>, Never>, cancellation: TaskCancellation) {
        self.continuation = continuation
        self.cancellation = cancellation
    }

    func resume(returning result: Result<Value, RPCStatus>) { continuation.resume(returning: result) }
}

extension ActiveCall.Outcome {
    /// The reply of a call with one.
    ///
    /// - Throws: ``RPCStatus``: the call's, if it is not ok; internalError for an ok without a message.
    func reply<Message: WireMessage>(_ method: String) throws(RPCStatus) -> Reply<Message> {
        guard status.code == .ok else { throw status }
        guard let message else { throw RPCStatus(.internalError, "\(method): the peer answered without a message") }
        let decoded: Message = try message.decodedMessage(method, .reply)
        var reply = Reply(decoded, attachments: message.attachments, trailers: status.trailers)
        reply.headers = headers
        return reply
    }
}
