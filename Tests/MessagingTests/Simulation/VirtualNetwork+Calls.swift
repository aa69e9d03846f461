import Messaging

@testable import RPC

/// A call as an application makes it: attempts until one counts.
struct VirtualCall {
    struct Attempt {
        let session: Int
        /// Nil until it is opened.
        var id: UInt64?
        var isOver = false
    }

    let server: Int
    let requests: Int
    let replies: Int
    /// Not empty: the server may carry it out once only.
    let key: [UInt8]
    let deadline: Duration
    var retries: RetryMachine
    var attempts: [Attempt] = []
    /// How it ended, each time.
    var outcomes: [RPCStatus] = []
    /// Replies of the attempt that is under way.
    var received = 0
}

/// A server: its answers, and the calls that it has.
struct VirtualServer {
    struct Place: Hashable {
        let session: Int
        let call: UInt64
    }

    struct Served {
        let request: CallRequest
        let accepted: Duration
        var isGone = false
        /// What its handler will answer; nil before it has begun.
        var answer: AnswerCache.Answer?
    }

    var cache = AnswerCache(lifetime: .seconds(600), capacity: 100_000)
    var served: [Place: Served] = [:]
    var executions: [[UInt8]: Int] = [:]
    /// Calls that wait for the execution under their key.
    var joined: [[UInt8]: [Place]] = [:]

    mutating func gone(_ session: Int, _ call: UInt64) { served[Place(session: session, call: call)]?.isGone = true }
}

// What applications do at both ends.
extension VirtualNetwork {
    // MARK: Clients

    /// Plans the calls of a schedule.
    mutating func plan(calls count: Int) {
        for number in 0..<count {
            let isKeyed = chance(40)
            let isRepeatable = isKeyed || chance(50)
            let start = pause(upTo: .seconds(5))
            var policy = RetryPolicy()
            policy.maximumAttempts = 5
            calls.append(
                VirtualCall(
                    server: random(0...1), requests: isKeyed ? 1 : random(0...4), replies: isKeyed ? 1 : random(1...4),
                    key: isKeyed ? [UInt8(number)] : [], deadline: start + .milliseconds(Int64(random(200...8000))),
                    retries: RetryMachine(policy: policy, isRepeatable: isRepeatable)))
            after(start, .attempt(call: number))
            // The same call twice at a time, as a hedge or a duplicate would be.
            if isKeyed, chance(30) { after(start + pause(upTo: .seconds(1)), .attempt(call: number)) }
            if chance(15) { after(start + pause(upTo: .seconds(3)), .cancel(call: number)) }
        }
    }

    mutating func message(upTo largest: Int) -> OutgoingMessage {
        let body = [UInt8](repeating: 7, count: random(0...max(0, min(largest, 3000))))
        guard chance(20) else { return OutgoingMessage(body: body) }
        let bulk = [UInt8](repeating: 9, count: random(0...6000))
        return OutgoingMessage(body: [], attachments: [Attachment(name: "bulk", copying: bulk)])
    }

    mutating func attempt(_ call: Int) {
        guard calls[call].outcomes.isEmpty else { return }
        let server = calls[call].server
        let open = sessions.indices.filter {
            sessions[$0].server == server && sessions[$0].closed[0] == nil
                && (!sessions[$0].isReady[0] || sessions[$0].machines[0].isReady)
        }
        let isNew = open.isEmpty || open.count < 3 && chance(10)
        let session = isNew ? connect(to: server) : open[random(0...open.count - 1)]
        calls[call].attempts.append(VirtualCall.Attempt(session: session))
        if sessions[session].isReady[0] { begin(call, calls[call].attempts.count - 1) }
    }

    /// Opens the attempts that have waited for the handshake.
    mutating func sessionIsOpen(_ session: Int) {
        for call in calls.indices {
            for index in calls[call].attempts.indices
            where calls[call].attempts[index].session == session && calls[call].attempts[index].id == nil {
                if !calls[call].attempts[index].isOver { begin(call, index) }
            }
        }
    }

    private mutating func begin(_ call: Int, _ index: Int) {
        let session = calls[call].attempts[index].session
        let remaining = calls[call].deadline - now
        guard remaining > .zero else {
            return over(call, index, RPCStatus(.deadlineExceeded, "the deadline passed"))
        }
        let request = CallRequest(
            method: "a.B/C", timeout: remaining, metadata: Metadata(), attempt: UInt32(calls[call].retries.attempt),
            idempotencyKey: calls[call].key, waitForReady: false)
        let count = calls[call].requests
        let first = count > 0 ? message(upTo: largestBody) : nil
        let opened = act(session, .dialer) { machine -> Result<UInt64, RPCStatus> in
            do throws(RPCStatus) { return .success(try machine.open(request, message: first, isEnd: count < 2)) } catch
            {
                return .failure(error)
            }
        }
        switch opened {
        case .failure(let status): over(call, index, status)
        case .success(let id):
            calls[call].attempts[index].id = id
            calls[call].received = 0
            for number in 1..<max(count, 1) {
                let next = message(upTo: largestBody)
                _ = act(session, .dialer) { try? $0.send(id, next, isEnd: number == count - 1) }
            }
        }
    }

    /// An attempt has ended, as its session says.
    mutating func attemptEnded(_ session: Int, _ id: UInt64, _ status: RPCStatus) {
        for call in calls.indices {
            let index = calls[call].attempts.firstIndex { $0.session == session && $0.id == id }
            if let index { return over(call, index, status) }
        }
        violate("call \(id) has ended, which nobody made")
    }

    private mutating func over(_ call: Int, _ index: Int, _ status: RPCStatus) {
        guard !calls[call].attempts[index].isOver else { return violate("an attempt has ended twice") }
        calls[call].attempts[index].isOver = true
        guard calls[call].outcomes.isEmpty else { return }
        let decision = calls[call].retries.attemptEnded(
            status, remaining: calls[call].deadline - now, throttle: &throttle, random: &generator)
        if case .retry(let wait) = decision { return after(wait, .attempt(call: call)) }
        if status.code == .ok, calls[call].received != calls[call].replies, calls[call].key.isEmpty {
            violate("\(calls[call].received) replies of \(calls[call].replies)")
        }
        finish(call, status)
    }

    /// The call has its outcome; what else is under way for it is given up.
    private mutating func finish(_ call: Int, _ status: RPCStatus) {
        calls[call].outcomes.append(status)
        for attempt in calls[call].attempts where !attempt.isOver {
            guard let id = attempt.id else { continue }
            act(attempt.session, .dialer) { $0.cancel(id, RPCStatus(.cancelled, "given up")) }
        }
    }

    mutating func cancel(_ call: Int) {
        if calls[call].outcomes.isEmpty { finish(call, RPCStatus(.cancelled, "the caller cancelled")) }
    }

    mutating func sessionEnded(_ session: Int, _ status: RPCStatus) {
        var ending = status
        ending.notProcessed = true
        for call in calls.indices {
            for index in calls[call].attempts.indices
            where calls[call].attempts[index].session == session && calls[call].attempts[index].id == nil
                && !calls[call].attempts[index].isOver
            { over(call, index, ending) }
        }
    }

    mutating func received(_ session: Int, _ side: Side, _ id: UInt64, _ message: IncomingMessage) {
        guard side == .dialer else { return }
        for call in calls.indices where calls[call].attempts.contains(where: { $0.session == session && $0.id == id }) {
            calls[call].received += 1
        }
    }

    // MARK: Servers

    mutating func accept(_ session: Int, _ call: UInt64, _ request: CallRequest) {
        let place = VirtualServer.Place(session: session, call: call)
        servers[sessions[session].server].served[place] = VirtualServer.Served(request: request, accepted: now)
    }

    /// The whole input of a call is there: its handler begins, unless the call is gone.
    mutating func handle(_ session: Int, _ call: UInt64) {
        let (server, place) = (sessions[session].server, VirtualServer.Place(session: session, call: call))
        guard let served = servers[server].served[place], !served.isGone else { return }
        if now > served.accepted + served.request.timeout * sessions[session].rates[1] {
            violate("a handler begins after its deadline")
        }
        let answer = makeAnswer()
        guard !served.request.idempotencyKey.isEmpty else {
            servers[server].served[place]?.answer = answer
            return after(pause(upTo: .milliseconds(800)), .answer(session: session, call: call))
        }
        let key = AnswerCache.Key(
            caller: AnswerCache.Caller(key: nil, name: "caller", bootID: 1), method: served.request.method,
            bytes: served.request.idempotencyKey)
        switch servers[server].cache.admit(key, at: now) {
        case .run:
            if !answer.status.notProcessed { servers[server].executions[key.bytes, default: 0] += 1 }
            if servers[server].executions[key.bytes] ?? 0 > 1 { violate("key \(key.bytes) was carried out twice") }
            servers[server].served[place]?.answer = answer
            after(pause(upTo: .milliseconds(800)), .answer(session: session, call: call))
        case .join: servers[server].joined[key.bytes, default: []].append(place)
        case .answer(let kept): respond(place, kept, messages: 1)
        }
    }

    private mutating func makeAnswer() -> AnswerCache.Answer {
        if chance(85) { return AnswerCache.Answer(message: message(upTo: largestBody), status: RPCStatus(.ok, "")) }
        let isBroken = chance(50)
        let busy = RPCStatus(.unavailable, "busy", notProcessed: chance(50))
        return AnswerCache.Answer(message: nil, status: isBroken ? RPCStatus(.internalError, "broken") : busy)
    }

    /// A handler is done: its caller is answered, and whoever has joined it.
    mutating func answer(_ session: Int, _ call: UInt64) {
        let (server, place) = (sessions[session].server, VirtualServer.Place(session: session, call: call))
        guard let served = servers[server].served[place], let answer = served.answer else { return }
        let bytes = served.request.idempotencyKey
        if bytes.isEmpty {
            let replies = calls.first { $0.attempts.contains { $0.session == session && $0.id == call } }?.replies ?? 1
            return respond(place, answer, messages: replies)
        }
        let key = AnswerCache.Key(
            caller: AnswerCache.Caller(key: nil, name: "caller", bootID: 1), method: served.request.method, bytes: bytes
        )
        servers[server].cache.finished(key, answer, at: now)
        respond(place, answer, messages: 1)
        for other in servers[server].joined.removeValue(forKey: bytes) ?? [] { respond(other, answer, messages: 1) }
    }

    private mutating func respond(_ place: VirtualServer.Place, _ answer: AnswerCache.Answer, messages: Int) {
        guard servers[sessions[place.session].server].served[place]?.isGone == false else { return }
        if answer.status.code == .ok {
            for _ in 1..<max(messages, 1) {
                let more = message(upTo: largestBody)
                _ = act(place.session, .listener) { try? $0.send(place.call, more) }
            }
        }
        act(place.session, .listener) { $0.respond(place.call, answer.message, answer.status) }
        servers[sessions[place.session].server].gone(place.session, place.call)
    }
}
