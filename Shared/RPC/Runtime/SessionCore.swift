import Messaging

/// One end of a session: the state machine, its link, its timers and the tasks that wait.
///
/// Touched on the reactor only, but for what is `async`, which is why it may be `Sendable`. Not an actor: most of what
/// happens here begins in a callback of the reactor or a call on its thread, and the way into an actor costs allocations.
final class SessionCore: LinkReceiver, @unchecked Sendable {
    /// What an endpoint wants to hear of a session.
    struct Observer: Sendable {
        var opened: @Sendable (Session) -> Void = { _ in }
        var closed: @Sendable (SessionCore) -> Void = { _ in }
    }

    let reactor: Reactor
    let taskExecutor: ReactorTaskExecutor
    private let link: any Link
    let table: HandlerTable
    var conduct: SessionConduct
    private let observer: Observer
    let access: SessionAccess
    /// What messages that nobody has read may take, and those that handlers work on.
    let memory: MemoryBudget
    var machine: SessionMachine
    var calls: [UInt64: ActiveCall] = [:]
    private var timers: [SessionMachine.Timer: ReactorTimer] = [:]
    private var isRunning = false
    /// Open calls of this end, as the reactor was told.
    private var expectedAnswers = 0
    /// Writers of messages that the link has not taken yet.
    private var unsent: [(call: UInt64, ticket: UInt64)] = []
    /// Those that are being carried out.
    private var actions: [SessionMachine.Action] = []
    private var frames: [Frame] = []
    /// The message that is being sent.
    private var message: [Frame] = []
    var session: Session?
    var closedStatus: RPCStatus?
    private var openWaiters: [CheckedContinuation<Result<Session, RPCStatus>, Never>] = []
    private var closedWaiters: [CheckedContinuation<RPCStatus, Never>] = []

    init(
        link: any Link, reactor: Reactor, taskExecutor: ReactorTaskExecutor, role: SessionMachine.Role,
        settings: SessionMachine.Settings,
        table: HandlerTable, conduct: SessionConduct, observer: Observer
    ) {
        self.taskExecutor = taskExecutor
        access = SessionAccess(permissions: conduct.permissions, peer: link.peer)
        self.link = link
        self.reactor = reactor
        self.observer = observer
        self.table = table
        self.conduct = conduct
        memory = settings.memory
        machine = SessionMachine(role: role, settings: settings)
    }

    /// Nobody can read any more what has not been read.
    deinit { machine.releaseAll() }

    /// Begins to talk; called once, on the reactor.
    func start() {
        machine.linkIsUp()
        link.start(self)
        run()
    }

    // MARK: The link

    func linkReceived(_ frames: [Frame]) {
        machine.received(frames)
        run()
    }

    func linkHasTakenAll() {
        let sent = unsent
        unsent = []
        for message in sent { resumeWriter(message.call, message.ticket) }
    }

    func linkEnded(_ reason: String) {
        machine.linkEnded(reason)
        run()
    }

    // MARK: The session

    /// Waits for the handshake.
    func waitUntilOpen() async throws(RPCStatus) -> Session {
        try await withCheckedContinuation { (waiter: CheckedContinuation<Result<Session, RPCStatus>, Never>) in
            reactor.submit {
                if let status = self.closedStatus {
                    waiter.resume(returning: .failure(status))
                } else if let session = self.session {
                    waiter.resume(returning: .success(session))
                } else {
                    self.openWaiters.append(waiter)
                }
            }
        }.get()
    }

    func waitUntilClosed() async -> RPCStatus {
        await withCheckedContinuation { waiter in
            reactor.submit {
                if let status = self.closedStatus {
                    waiter.resume(returning: status)
                } else {
                    self.closedWaiters.append(waiter)
                }
            }
        }
    }

    func shutDown(_ status: RPCStatus) async {
        await reactor.perform {
            self.machine.shutDown(status)
            self.run()
        }
    }

    func drain(_ reason: String, grace: Duration) async {
        await reactor.perform {
            self.machine.drain(reason, grace: grace)
            self.run()
        }
    }

    // MARK: Calls of this end

    func begin(_ call: ActiveCall, _ request: CallRequest, _ message: OutgoingMessage?, isEnd: Bool) {
        guard !call.isAbandoned else {
            return finish(call, RPCStatus(.cancelled, "\(call.method): the caller cancelled"))
        }
        if let refusal = access.refusal(ofAsking: call.method) { return finish(call, refusal) }
        do throws(RPCStatus) {
            let id = try machine.open(request, message: message, isEnd: isEnd)
            call.id = id
            calls[id] = call
        } catch {
            finish(call, error)
        }
        run()
    }

    func abandon(_ call: ActiveCall) {
        call.isAbandoned = true
        if let id = call.id, call.status == nil {
            machine.cancel(id, RPCStatus(.cancelled, "\(call.method): the caller cancelled"))
        }
        discardInbox(call)
        run()
    }

    /// Resumes whoever waits for the end of a call with one reply.
    func completeIfEnded(_ call: ActiveCall) {
        guard let status = call.status, let completion = call.completion else { return }
        call.completion = nil
        let message = call.inbox.popFirst()
        if let message, let id = call.id { machine.consumed(id, message) }
        completion.resume(
            returning: ActiveCall.Outcome(message: message, status: status, headers: call.headers ?? Metadata()))
        discardInbox(call)
        run()
    }

    // MARK: Calls of either end

    func read(
        _ call: ActiveCall, _ cancellation: TaskCancellation,
        _ reader: CheckedContinuation<Result<IncomingMessage?, RPCStatus>, Never>
    ) {
        if cancellation.hasHappened {
            reader.resume(returning: .failure(cancelled(call)))
        } else if let id = call.id, let message = call.inbox.popFirst() {
            machine.consumed(id, message)
            reactor.goOn { reader.resume(returning: .success(message)) }
            run()
        } else if let status = call.status {
            reader.resume(returning: status.code == .ok ? .success(nil) : .failure(status))
        } else if call.inputHasEnded, call is ServedCall {
            reader.resume(returning: .success(nil))
        } else {
            precondition(call.reader == nil, "\(call.method): two tasks read one stream")
            call.reader = Waiter(continuation: reader, cancellation: cancellation)
        }
    }

    func write(
        _ call: ActiveCall, _ message: OutgoingMessage, _ cancellation: TaskCancellation,
        _ writer: CheckedContinuation<Result<Void, RPCStatus>, Never>
    ) {
        guard !cancellation.hasHappened else {
            return writer.resume(returning: .failure(cancelled(call)))
        }
        guard let id = call.id, call.status == nil else {
            let status = call.status.flatMap { $0.code == .ok ? nil : $0 }
            let ended = status ?? RPCStatus(.cancelled, "\(call.method): the call is over")
            return writer.resume(returning: .failure(ended))
        }
        call.nextTicket += 1
        let ticket = call.nextTicket
        call.writers[ticket] = Waiter(continuation: writer, cancellation: cancellation)
        do throws(RPCStatus) { try machine.send(id, message, ticket: ticket) } catch {
            call.writers[ticket] = nil
            writer.resume(returning: .failure(error))
        }
        run()
    }

    func endInput(_ call: ActiveCall) {
        if let id = call.id { machine.endInput(id) }
        run()
    }

    func discardInbox(_ call: ActiveCall) {
        guard let id = call.id else { return }
        while let message = call.inbox.popFirst() { machine.consumed(id, message) }
    }

    // MARK: What the machine wants

    /// Carries out what the machine wants, in its order: an action that leads to more of them does not overtake.
    func run() {
        guard !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        while true {
            machine.takeActions(into: &actions, frames: &frames)
            if actions.isEmpty { return tellReactor() }
            for action in actions { perform(action) }
            actions.removeAll(keepingCapacity: true)
            frames.removeAll(keepingCapacity: true)
        }
    }

    /// Tells the reactor how many answers to expect.
    private func tellReactor() {
        guard machine.originatedCount != expectedAnswers else { return }
        reactor.expectedAnswers += machine.originatedCount - expectedAnswers
        expectedAnswers = machine.originatedCount
    }

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .transmit(let range): send(range)
        case .startTimer(let timer, let duration): startTimer(timer, duration)
        case .stopTimer(let timer): stopTimer(timer)
        case .ready(let peer): becomeOpen(peer)
        case .accepted(let id, let request): accept(id, request)
        case .message(let id, let message): deliver(id, message)
        case .headers(let id, let headers):
            if let call = calls[id] { headersAreKnown(call, headers) }
        case .inputEnded(let id): inputEnded(id)
        case .sent(let id, let ticket):
            // Credits count bytes: of tiny messages a window may hold millions.
            guard link.hasTakenAll else { return unsent.append((id, ticket)) }
            reactor.goOn { self.resumeWriter(id, ticket) }
        case .finished(let id, let status):
            if let call = calls.removeValue(forKey: id) { finish(call, status) }
        case .expel: link.expel()
        case .peerIsDraining: session?.isGoing.store(true, ordering: .relaxed)
        case .peerLoad(let load): session?.report(load)
        case .closed(let status): becomeClosed(status)
        }
    }

    private func send(_ range: Range<Int>) {
        message.append(contentsOf: frames[range])
        link.send(message)
        message.removeAll(keepingCapacity: true)
    }

    private func resumeWriter(_ id: UInt64, _ ticket: UInt64) {
        calls[id]?.writers.removeValue(forKey: ticket)?.resume(returning: .success(()))
    }

    private func startTimer(_ timer: SessionMachine.Timer, _ duration: Duration) {
        if case .deadline(let id) = timer {
            if let call = calls[id] { reactor.start(call, after: duration) }
            return
        }
        stopTimer(timer)
        keep(timer, duration)
    }

    func keepTime(of id: UInt64, until deadline: ContinuousClock.Instant) {
        keep(.deadline(call: id), max(.zero, deadline - .now))
    }

    private func keep(_ timer: SessionMachine.Timer, _ duration: Duration) {
        timers[timer] = reactor.schedule(after: duration) { [weak self, due = ContinuousClock.now + duration] in
            self?.timers[timer] = nil
            self?.timerFired(timer, lateness: .now - due)
        }
    }

    private func stopTimer(_ timer: SessionMachine.Timer) {
        if case .deadline(let id) = timer, let call = calls[id] { return reactor.cancel(call) }
        if let running = timers.removeValue(forKey: timer) { reactor.cancel(running) }
    }

    func timerFired(_ timer: SessionMachine.Timer, lateness: Duration = .zero) {
        machine.servedCalls = table.servedCalls
        machine.timerFired(timer, lateness: lateness)
        run()
    }

    private func becomeOpen(_ peer: PeerInfo) {
        var peer = peer
        peer.identity = link.peer
        conduct.compressesBodies = conduct.compressesBodies && machine.allowsCompression
        let session = Session(peer: peer, remoteAddress: link.remoteAddress, core: self, conduct: conduct)
        self.session = session
        for waiter in openWaiters { waiter.resume(returning: .success(session)) }
        openWaiters = []
        observer.opened(session)
    }

    private func becomeClosed(_ status: RPCStatus) {
        closedStatus = status
        link.close()
        for timer in timers.values { reactor.cancel(timer) }
        timers = [:]
        for waiter in openWaiters { waiter.resume(returning: .failure(status)) }
        for waiter in closedWaiters { waiter.resume(returning: status) }
        (openWaiters, closedWaiters) = ([], [])
        // Who chooses among servers is not to go by the last word of one that is gone.
        session?.report(PeerLoad(otherCalls: 0, capacity: 0))
        // The two hold each other.
        session = nil
        observer.closed(self)
    }

    private func deliver(_ id: UInt64, _ message: IncomingMessage) {
        guard let call = calls[id], !call.isAbandoned else { return machine.consumed(id, message) }
        if let served = call as? ServedCall {
            if served.task == nil {
                machine.handedOver(id, message)
                served.held = message.reserved
                return startHandler(served, message)
            }
            if served.handler.takesOneRequest { return machine.consumed(id, message) }
        } else {
            headersAreKnown(call)
        }
        if let reader = call.reader {
            call.reader = nil
            machine.consumed(id, message)
            reader.resume(returning: .success(message))
        } else {
            call.inbox.append(message)
        }
    }

    private func inputEnded(_ id: UInt64) {
        guard let call = calls[id] else { return }
        call.inputHasEnded = true
        guard let served = call as? ServedCall else { return }
        if served.task == nil { return startHandler(served, nil) }
        call.reader?.resume(returning: .success(nil))
        call.reader = nil
    }

    /// The call is over: everybody who waits for it is told.
    private func finish(_ call: ActiveCall, _ status: RPCStatus) {
        call.status = status
        if let served = call as? ServedCall { return stopServing(served, status) }
        headersAreKnown(call)
        call.observer?(status)
        call.observer = nil
        resumeWaiters(call, status)
        if call.isAbandoned { discardInbox(call) }
        completeIfEnded(call)
    }
}
