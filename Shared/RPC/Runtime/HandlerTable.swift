import Synchronization

/// What the calls that an endpoint serves have in common, whatever session they come on.
final class ServingDesk: Sendable {
    let answers = AnswerDesk()
    /// Calls that are served now.
    let active = Atomic(0)
}

/// What an endpoint serves on one address or one dialled session: handlers, and what stands around them.
final class HandlerTable: Sendable {
    let serviceNames: [String]
    private let handlers: [String: MethodHandler]
    private let interceptors: [any ServerInterceptor]
    private let desk: ServingDesk

    init(_ services: [ServiceDefinition], interceptors: [any ServerInterceptor], desk: ServingDesk) {
        serviceNames = services.map(\.name)
        for (index, name) in serviceNames.enumerated() {
            precondition(!serviceNames[..<index].contains(name), "\(name) is served twice at one address")
        }
        handlers = Dictionary(
            uniqueKeysWithValues: services.flatMap(\.handlers).map { ($0.descriptor.path, $0) })
        self.interceptors = interceptors
        self.desk = desk
    }

    /// Calls that are served now, on all sessions of the endpoint.
    var servedCalls: Int { desk.active.load(ordering: .relaxed) }

    /// The handler of a call.
    ///
    /// - Throws: ``RPCStatus`` unimplemented, or what an interceptor refuses it with.
    func admit(_ request: CallRequest, on session: Session) throws(RPCStatus) -> MethodHandler {
        guard let handler = handlers[request.method] else {
            let service = String(request.method.prefix { $0 != "/" })
            let text = serviceNames.contains(service) ? "no such method" : "the service is not served here"
            throw RPCStatus(.unimplemented, "\(request.method): \(text)", notProcessed: true)
        }
        if !interceptors.isEmpty {
            let call = IncomingCall(
                method: request.method, metadata: request.metadata, attempt: Int(request.attempt), peer: session.peer)
            for interceptor in interceptors { try interceptor.admit(call) }
        }
        return handler
    }

    /// A call's handler is about to be run.
    func began() { desk.active.add(1, ordering: .relaxed) }

    /// A call's handler has ended.
    func ended() { desk.active.subtract(1, ordering: .relaxed) }

    /// Serves a call with an idempotency key at most once; leaves the answer with the call.
    func runOnce(_ call: ServedCall, _ interest: AnswerDesk.Interest) async {
        let executor = call.handler.isInline ? call.core.taskExecutor : nil
        call.answer = await desk.answers.answer(interest, on: executor) {
            await self.run(call)
            return call.answer
        }
    }

    /// A caller has lost interest in a call: by its own word, or because its session has ended.
    func callerIsGone(_ call: ServedCall, _ status: RPCStatus) {
        guard let interest = call.interest else { return }
        guard status.code == .unavailable, call.deadline > .now else {
            return desk.answers.withdraw(interest, status)
        }
        // A caller whose session has ended may ask again on the next one, and is to find the answer.
        let (answers, deadline) = (desk.answers, call.deadline)
        let late = RPCStatus(.deadlineExceeded, "\(call.method): the deadline passed")
        Task.detached {
            try? await Task.sleep(until: deadline, clock: .continuous)
            answers.withdraw(interest, late)
        }
    }

    /// A caller's interest in an answer that is kept; nil if it is not.
    static func interest(
        _ handler: MethodHandler, _ request: CallRequest, _ session: Session
    ) -> AnswerDesk.Interest? {
        guard handler.descriptor.kind == .unary, !request.idempotencyKey.isEmpty else { return nil }
        let peer = session.peer
        // What a peer says of itself is no proof: nobody is to read another's answers.
        let caller = AnswerCache.Caller(key: peer.identity?.key, name: peer.name, bootID: peer.bootID)
        return AnswerDesk.Interest(
            AnswerCache.Key(caller: caller, method: request.method, bytes: request.idempotencyKey))
    }

    /// Serves a call; leaves the answer with it.
    func run(_ call: ServedCall) async {
        do {
            // Flat where nothing stands around the handler: every level of async functions costs memory of the task.
            call.succeed(
                try await CallDeadline.$current.withValue(call.deadline) {
                    if interceptors.isEmpty { return try await call.handler.run(ServerContext(call)) }
                    return try await intercepted(call)
                })
        } catch {
            call.fail(error)
        }
    }

    private func intercepted(_ call: ServedCall) async throws -> Reply<OutgoingMessage?> {
        let handled = try await interceptors.around { context in
            let reply = try await call.handler.run(context)
            return HandledCall(trailers: reply.trailers, message: reply.message)
        }(ServerContext(call))
        return Reply(handled.message, trailers: handled.trailers)
    }
}
