import Messaging

@testable import RPC

/// Two state machines joined by two queues: a whole session without a socket, a clock or a task.
struct SimulatedSession {
    enum Side: Int, CaseIterable, Sendable {
        case dialer, listener

        var other: Side { self == .dialer ? .listener : .dialer }
    }

    /// What a side's application has seen of a call.
    struct Seen {
        var request: CallRequest?
        var messages: [IncomingMessage] = []
        var unread: [IncomingMessage] = []
        var inputEnded = false
        var finished: [RPCStatus] = []
        var sentTickets: [UInt64] = []
        var headers: Metadata?
    }

    var machines: [SessionMachine]
    /// Messages on the way to a side.
    var wires: [[[Frame]]] = [[], []]
    var seen: [[UInt64: Seen]] = [[:], [:]]
    var timers: [Set<SessionMachine.Timer>] = [[], []]
    var closed: [RPCStatus?] = [nil, nil]
    var peers: [PeerInfo?] = [nil, nil]

    init(
        limits: SessionLimits = SessionLimits(), connect: Bool = true,
        configure: (Side, inout SessionMachine.Settings) -> Void = { _, _ in }
    ) {
        machines = Side.allCases.map { side in
            var settings = SessionMachine.Settings()
            settings.name = "\(side)"
            settings.limits = limits
            settings.memory = MemoryBudget(64 << 20)
            configure(side, &settings)
            return SessionMachine(role: side == .dialer ? .dialer : .listener, settings: settings)
        }
        guard connect else { return }
        for side in Side.allCases { act(side) { $0.linkIsUp() } }
        settle()
    }

    /// Feeds a machine an input, and carries out what it wants.
    mutating func act<Result>(_ side: Side, _ input: (inout SessionMachine) throws -> Result) rethrows -> Result {
        let result = try input(&machines[side.rawValue])
        let (actions, frames) = machines[side.rawValue].takeActions()
        for action in actions { perform(action, frames, side) }
        return result
    }

    private mutating func perform(_ action: SessionMachine.Action, _ frames: [Frame], _ side: Side) {
        func update(_ call: UInt64, _ body: (inout Seen) -> Void) { body(&seen[side.rawValue][call, default: Seen()]) }
        switch action {
        case .transmit(let range): wires[side.other.rawValue].append(Array(frames[range]))
        case .startTimer(let timer, _): timers[side.rawValue].insert(timer)
        case .stopTimer(let timer): timers[side.rawValue].remove(timer)
        case .ready(let peer): peers[side.rawValue] = peer
        case .accepted(let call, let request): update(call) { $0.request = request }
        case .message(let call, let message):
            update(call) {
                $0.messages.append(message)
                $0.unread.append(message)
            }
        case .headers(let call, let headers): update(call) { $0.headers = headers }
        case .peerIsDraining, .peerLoad: break
        case .inputEnded(let call): update(call) { $0.inputEnded = true }
        case .sent(let call, let ticket): update(call) { $0.sentTickets.append(ticket) }
        case .finished(let call, let status): update(call) { $0.finished.append(status) }
        case .expel: break
        case .closed(let status): closed[side.rawValue] = status
        }
    }

    /// Delivers one message to a side, if there is one.
    mutating func deliver(to side: Side) {
        guard !wires[side.rawValue].isEmpty else { return }
        let frames = wires[side.rawValue].removeFirst()
        act(side) { $0.received(frames) }
    }

    /// The application of a side reads a message of a call, if there is one.
    mutating func read(_ side: Side, _ call: UInt64) {
        guard let first = seen[side.rawValue][call]?.unread.first else { return }
        seen[side.rawValue][call]?.unread.removeFirst()
        act(side) { $0.consumed(call, first) }
    }

    var isQuiet: Bool { wires.allSatisfy(\.isEmpty) }

    /// Delivers everything.
    mutating func settle() {
        while !isQuiet { for side in Side.allCases { deliver(to: side) } }
    }
}

/// SplitMix64: the simulations are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
