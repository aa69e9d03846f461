/// A call that this end serves.
///
/// But for its constants it is touched on the reactor only, and in between by the handler's task, which is why it may be
/// `Sendable`.
final class ServedCall: ActiveCall, @unchecked Sendable {
    let handler: MethodHandler
    let request: CallRequest
    let session: Session
    let deadline: ContinuousClock.Instant
    /// In an answer that is kept, if it is.
    let interest: AnswerDesk.Interest?
    var task: Task<Void, Never>?
    /// The request of a call with one; it has come before the handler is run.
    var first: IncomingMessage?
    /// What that holds of the session's memory until the handler has ended.
    var held = 0
    /// How the handler has ended, once it has.
    var answer = AnswerCache.Answer(message: nil, status: RPCStatus(.ok, ""))

    init(_ id: UInt64, _ request: CallRequest, _ handler: MethodHandler, on session: Session, of core: SessionCore) {
        self.handler = handler
        self.request = request
        self.session = session
        deadline = .now + request.timeout
        interest = HandlerTable.interest(handler, request, session)
        super.init(core: core, method: request.method, conduct: core.conduct)
        self.id = id
        headers = request.metadata
    }

    /// Why the handler is not to be begun any more, if so: its task may have waited long for a thread.
    var refusalToBegin: RPCStatus? {
        if deadline <= .now {
            return RPCStatus(.deadlineExceeded, "\(method): the deadline passed", notProcessed: true)
        }
        // One with a key outlives its session: the desk of answers knows whether anybody still asks.
        guard interest == nil else { return nil }
        return Task.isCancelled ? RPCStatus(.cancelled, "\(method): the caller is gone", notProcessed: true) : nil
    }

    func succeed(_ reply: Reply<OutgoingMessage?>) {
        answer.message = reply.message
        answer.status.trailers = reply.trailers
    }

    func fail(_ error: any Error) {
        answer.status = RPCStatus(error)
        // It has begun: what a call of its own says of itself must not have this one made again.
        answer.status.notProcessed = false
    }
}
