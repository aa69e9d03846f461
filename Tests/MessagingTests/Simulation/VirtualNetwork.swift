import Messaging

@testable import RPC

/// Clients, servers and sessions under one virtual clock and one seed: the pure core with everything around it that can go
/// wrong.
struct VirtualNetwork {
    typealias Side = SimulatedSession.Side

    enum Event {
        case deliver(session: Int, to: Side)
        case timer(session: Int, Side, SessionMachine.Timer, number: Int)
        /// The application of a side reads a message.
        case read(session: Int, Side, call: UInt64, IncomingMessage)
        case attempt(call: Int)
        case cancel(call: Int)
        case cut(session: Int)
        /// A side learns that the connection is cut.
        case linkEnded(session: Int, Side)
        case drain(session: Int, Side)
        case handle(session: Int, call: UInt64)
        case answer(session: Int, call: UInt64)
    }

    private struct Scheduled {
        let time: Duration
        let number: Int
        let event: Event
    }

    var generator: SeededGenerator
    private(set) var now = Duration.zero
    /// What is to happen, the latest first.
    private var schedule: [Scheduled] = []
    private var nextNumber = 0
    /// Events other than signs of life that are to come.
    private var work = 0
    var sessions: [VirtualSession] = []
    var servers: [VirtualServer]
    var calls: [VirtualCall] = []
    var throttle = RetryThrottle()
    let limits: SessionLimits
    /// The longest that a message is on its way.
    let delay: Duration
    /// What has been violated.
    var violation: String?

    init(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        var limits = SessionLimits()
        limits.sessionWindowBytes = Int.random(in: 2500...20_000, using: &generator)
        limits.callWindowBytes = Int.random(in: 2200...10_000, using: &generator)
        limits.chunkBytes = 1024
        limits.inlineAttachmentBytes = Int.random(in: 1...400, using: &generator)
        limits.maximumCalls = Int.random(in: 2...40, using: &generator)
        self.limits = limits
        delay = .milliseconds(Int64.random(in: 1...400, using: &generator))
        servers = (0..<2).map { _ in VirtualServer() }
        self.generator = generator
    }

    /// The largest body: half of the smaller window, so that the windows hold exactly.
    var largestBody: Int { min(limits.sessionWindowBytes, limits.callWindowBytes) / 2 - 500 }

    mutating func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func chance(_ percent: Int) -> Bool { random(1...100) <= percent }

    mutating func pause(upTo longest: Duration) -> Duration {
        longest * Double.random(in: 0...1, using: &generator)
    }

    mutating func violate(_ what: String) {
        if violation == nil { violation = "at \(now): \(what)" }
    }

    // MARK: Time

    mutating func after(_ pause: Duration, _ event: Event) {
        nextNumber += 1
        let scheduled = Scheduled(time: now + pause, number: nextNumber, event: event)
        var (low, high) = (0, schedule.count)
        while low < high {
            let middle = (low + high) / 2
            if schedule[middle].time > scheduled.time { low = middle + 1 } else { high = middle }
        }
        schedule.insert(scheduled, at: low)
        if Self.isWork(event) { work += 1 }
    }

    private static func isWork(_ event: Event) -> Bool {
        if case .timer(_, _, .heartbeat, _) = event { false } else { true }
    }

    /// Lets the next thing happen; false when nothing but signs of life is left.
    mutating func step() -> Bool {
        guard work > 0, violation == nil, let next = schedule.popLast() else { return false }
        if Self.isWork(next.event) { work -= 1 }
        now = next.time
        happen(next.event)
        return true
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .deliver(let session, let side): deliver(session, to: side)
        case .timer(let session, let side, let timer, let number):
            guard sessions[session].timers[side.rawValue][timer] == number else { return }
            sessions[session].timers[side.rawValue][timer] = nil
            act(session, side) { $0.timerFired(timer) }
        case .read(let session, let side, let call, let message):
            act(session, side) { $0.consumed(call, message) }
        case .attempt(let call): attempt(call)
        case .cancel(let call): cancel(call)
        case .cut(let session): cut(session)
        case .linkEnded(let session, let side): act(session, side) { $0.linkEnded("the connection is cut") }
        case .drain(let session, let side): act(session, side) { $0.drain("drained", grace: .seconds(5)) }
        case .handle(let session, let call): handle(session, call)
        case .answer(let session, let call): answer(session, call)
        }
    }

    // MARK: Sessions

    /// Opens a connection to a server; the handshake begins.
    mutating func connect(to server: Int) -> Int {
        let rates = (0..<2).map { _ in Double.random(in: 0.6...1.6, using: &generator) }
        sessions.append(VirtualSession(server: server, limits: limits, rates: rates))
        let session = sessions.count - 1
        for side in Side.allCases { act(session, side) { $0.linkIsUp() } }
        if chance(25) { after(pause(upTo: .seconds(4)), .cut(session: session)) }
        for side in Side.allCases where chance(15) {
            after(pause(upTo: .seconds(4)), .drain(session: session, side))
        }
        return session
    }

    /// The connection breaks: what is on the way is lost from some place on, and each side learns of it in its time.
    private mutating func cut(_ session: Int) {
        guard !sessions[session].isCut else { return }
        sessions[session].isCut = true
        for side in Side.allCases {
            let kept = random(0...sessions[session].wires[side.rawValue].count)
            sessions[session].wires[side.rawValue].removeSubrange(kept...)
            after(delay + pause(upTo: .seconds(2)), .linkEnded(session: session, side))
        }
    }

    private mutating func deliver(_ session: Int, to side: Side) {
        guard !sessions[session].wires[side.rawValue].isEmpty else { return }
        let frames = sessions[session].wires[side.rawValue].removeFirst()
        sessions[session].arrive(frames, at: side)
        act(session, side) { $0.received(frames) }
    }

    /// Feeds a machine an input, and carries out what it wants.
    mutating func act<Result>(_ session: Int, _ side: Side, _ input: (inout SessionMachine) -> Result) -> Result {
        let result = input(&sessions[session].machines[side.rawValue])
        let (actions, frames) = sessions[session].machines[side.rawValue].takeActions()
        for action in actions { perform(action, frames, session, side) }
        return result
    }

    private mutating func perform(
        _ action: SessionMachine.Action, _ frames: [Frame], _ session: Int, _ side: Side
    ) {
        switch action {
        case .transmit(let range): transmit(Array(frames[range]), session, side)
        case .startTimer(let timer, let duration):
            nextNumber += 1
            sessions[session].timers[side.rawValue][timer] = nextNumber
            // Clocks go at different speeds, and now and then one jumps.
            let jump = chance(1) ? Double.random(in: 0.1...1, using: &generator) : 1
            after(
                duration * sessions[session].rates[side.rawValue] * jump,
                .timer(session: session, side, timer, number: nextNumber))
        case .stopTimer(let timer): sessions[session].timers[side.rawValue][timer] = nil
        case .ready:
            sessions[session].isReady[side.rawValue] = true
            if side == .dialer { sessionIsOpen(session) }
        case .accepted(let call, let request): accept(session, call, request)
        case .message(let call, let message):
            received(session, side, call, message)
            after(
                pause(upTo: .milliseconds(300)),
                .read(session: session, side, call: call, message))
        case .inputEnded(let call):
            if side == .listener { after(pause(upTo: .milliseconds(100)), .handle(session: session, call: call)) }
        case .finished(let call, let status):
            guard sessions[session].ended[side.rawValue].insert(call).inserted else {
                return violate("call \(call) has ended twice")
            }
            if side == .dialer { return attemptEnded(session, call, status) }
            servers[sessions[session].server].gone(session, call)
        case .closed(let status):
            sessions[session].closed[side.rawValue] = status
            if side == .dialer { sessionEnded(session, status) }
            cut(session)
        case .headers, .sent, .peerIsDraining, .peerLoad: break
        default: break
        }
    }

    private mutating func transmit(_ frames: [Frame], _ session: Int, _ side: Side) {
        if let wrong = sessions[session].count(frames, from: side, limits: limits) { violate(wrong) }
        guard !sessions[session].isCut else { return }
        sessions[session].wires[side.other.rawValue].append(frames)
        after(pause(upTo: delay), .deliver(session: session, to: side.other))
    }
}
