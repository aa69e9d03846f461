// Metadata ahead of the first message, and what goes on on the session.
extension SessionCore {
    /// Whether calls can be made.
    var isReady: Bool {
        get async { await reactor.perform { self.machine.isReady } }
    }

    /// What goes on, once the session is open.
    var snapshot: SessionSnapshot? {
        guard let session, closedStatus == nil else { return nil }
        var snapshot = machine.snapshot
        snapshot.peer = session.peer
        snapshot.remoteAddress = session.remoteAddress
        return snapshot
    }

    /// Resumes once it is known what came ahead of the first message.
    func readHeaders(_ call: ActiveCall, _ continuation: CheckedContinuation<Metadata, Never>) {
        if call.headers == nil, call.status == nil { return call.headerReaders.append(continuation) }
        continuation.resume(returning: call.headers ?? Metadata())
    }

    /// Nothing comes ahead of the first message any more.
    func headersAreKnown(_ call: ActiveCall, _ headers: Metadata = Metadata()) {
        guard call.headers == nil else { return }
        call.headers = headers
        for reader in call.headerReaders { reader.resume(returning: headers) }
        call.headerReaders = []
    }

    func sendHeaders(_ call: ActiveCall, _ headers: Metadata) -> Result<Void, RPCStatus> {
        guard let id = call.id, call.status == nil else { return .success(()) }
        defer { run() }
        do throws(RPCStatus) { return .success(try machine.sendHeaders(id, headers)) } catch { return .failure(error) }
    }
}
