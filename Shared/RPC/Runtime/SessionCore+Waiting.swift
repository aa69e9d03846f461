// The tasks that wait for a call, and how their waits end.
extension SessionCore {
    /// A task that waits on the call was cancelled: a client gives the call up, a handler stops waiting.
    func taskWasCancelled(_ call: ActiveCall, _ cancellation: TaskCancellation) {
        guard call is ServedCall else { return abandon(call) }
        let status = cancelled(call)
        if let reader = call.reader, reader.cancellation === cancellation {
            call.reader = nil
            reader.resume(returning: .failure(status))
        }
        for (ticket, writer) in call.writers where writer.cancellation === cancellation {
            call.writers[ticket] = nil
            writer.resume(returning: .failure(status))
        }
    }

    /// Resumes every task that still reads or writes: the call has its status.
    func resumeWaiters(_ call: ActiveCall, _ status: RPCStatus) {
        let isOK = status.code == .ok
        call.reader?.resume(returning: isOK ? .success(nil) : .failure(status))
        call.reader = nil
        guard !call.writers.isEmpty else { return }
        let ended = isOK ? RPCStatus(.cancelled, "\(call.method): the call is over") : status
        for writer in call.writers.values { writer.resume(returning: .failure(ended)) }
        call.writers = [:]
    }

    /// As the call ended, unless it ended well: that is no failure to tell of.
    func cancelled(_ call: ActiveCall) -> RPCStatus {
        call.status.flatMap { $0.code == .ok ? nil : $0 }
            ?? RPCStatus(.cancelled, "\(call.method): the task was cancelled")
    }
}
