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
        let call = ServedCall(id, request, handler, on: session, of: self)
        calls[id] = call
        if !handler.takesOneRequest { startHandler(call, nil) }
    }

    func startHandler(_ call: ServedCall, _ first: IncomingMessage?) {
        call.first = first
        table.began()
        call.task = Task.detached(executorPreference: call.handler.isInline ? taskExecutor : nil) {
            let table = call.core.table
            if let refusal = call.refusalToBegin {
                call.answer.status = refusal
            } else if let interest = call.interest {
                await table.runOnce(call, interest)
            } else {
                await table.run(call)
            }
            table.ended()
            call.core.handled(call)
        }
    }

    /// The call is over before its handler is.
    func stopServing(_ call: ServedCall, _ status: RPCStatus) {
        call.task?.cancel()
        table.callerIsGone(call, status)
        resumeWaiters(call, status)
        discardInbox(call)
    }

    private func handled(_ call: ServedCall) {
        memory.give(call.held)
        if reactor.isCurrent { return respond(call) }
        reactor.submit { self.respond(call) }
    }

    private func respond(_ call: ServedCall) {
        guard let id = call.id else { return }
        call.status = call.answer.status
        calls[id] = nil
        reactor.cancel(call)
        // Tasks of the handler that outlive it.
        resumeWaiters(call, call.answer.status)
        discardInbox(call)
        // An answer that was kept may have been compressed for another session.
        let message = machine.allowsCompression ? call.answer.message : call.answer.message?.inflated
        machine.respond(id, message, call.answer.status)
        run()
        // An answer that waits for credit does so until the call's deadline: its peer may never return any.
        if machine.isOpen(id) { keepTime(of: id, until: call.deadline) }
    }
}
