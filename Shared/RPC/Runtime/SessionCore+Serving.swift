import Messaging

// Calls that this end serves.
extension SessionCore {
    func accept(_ id: UInt64, _ request: CallRequest) {
        if let refusal = access.refusal(ofCall: request.method) { return machine.respond(id, nil, refusal) }
        guard let session else { return }
        let handler: MethodHandler
        do throws(RPCStatus) { handler = try table.admit(request, on: session) } catch {
            return machine.respond(id, nil, error)
        }
        let call = ActiveCall(core: self, method: request.method, conduct: conduct)
        call.id = id
        call.service = ActiveCall.Service(
            handler: handler, request: request, deadline: .now + request.timeout,
            answerKey: HandlerTable.answerKey(handler, request, session))
        calls[id] = call
        if !handler.takesOneRequest { startHandler(id, call, nil) }
    }

    func startHandler(_ id: UInt64, _ call: ActiveCall, _ first: IncomingMessage?) {
        guard let service = call.service, let session else { return }
        service.first = first
        let context = ServerContext(
            method: call.method, deadline: service.deadline, metadata: service.request.metadata,
            attachments: first?.attachments ?? [], session: session, attempt: Int(service.request.attempt),
            idempotencyKey: service.request.idempotencyKey, call: call)
        let executor = service.handler.isInline ? taskExecutor : nil
        service.task = Task.detached(executorPreference: executor) { [table] in
            await table.serve(service, call, context)
            self.handled(call, service)
        }
    }

    private func handled(_ call: ActiveCall, _ service: ActiveCall.Service) {
        if reactor.isCurrent { return respond(call, service.answer) }
        reactor.submit { self.respond(call, service.answer) }
    }

    private func respond(_ call: ActiveCall, _ answer: AnswerCache.Answer) {
        guard let id = call.id else { return }
        call.status = answer.status
        calls[id] = nil
        reactor.cancel(call)
        discardInbox(call)
        // An answer that was kept may have been compressed for another session.
        machine.respond(id, machine.allowsCompression ? answer.message : answer.message?.inflated, answer.status)
        run()
        // An answer that waits for credit does so until the call's deadline: its peer may never return any.
        if let service = call.service, machine.isOpen(id) { keepTime(of: id, until: service.deadline) }
    }
}
