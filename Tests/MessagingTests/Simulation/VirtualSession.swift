import Messaging

@testable import RPC

/// A session of the virtual network: two machines, and what is on the way between them.
struct VirtualSession {
    typealias Side = SimulatedSession.Side

    var machines: [SessionMachine]
    /// Messages on the way to a side, in their order.
    var wires: [[[Frame]]] = [[], []]
    /// The connection is cut: what is sent is lost.
    var isCut = false
    var isReady = [false, false]
    var closed: [RPCStatus?] = [nil, nil]
    /// Numbers of the timers that run, by side; an event with an older number is of a timer that was stopped.
    var timers: [[SessionMachine.Timer: Int]] = [[:], [:]]
    /// How fast a side's clock goes.
    let rates: [Double]
    /// Counted from the frames themselves: bytes sent and not yet credited, by sender.
    var inFlight = [0, 0]
    var callInFlight: [[UInt64: Int]] = [[:], [:]]
    /// Calls that an application has seen end.
    var ended: [Set<UInt64>] = [[], []]
    let server: Int

    init(server: Int, limits: SessionLimits, rates: [Double]) {
        self.server = server
        self.rates = rates
        machines = Side.allCases.map { side in
            var settings = SessionMachine.Settings()
            settings.limits = limits
            settings.memory = MemoryBudget(1 << 20)
            settings.bootID = 7
            return SessionMachine(role: side == .dialer ? .dialer : .listener, settings: settings)
        }
    }

    /// What a message charges to the windows: body and inline attachments, or a chunk.
    private static func cost(_ header: FrameHeader, _ frames: [Frame]) -> Int {
        switch header.kind {
        case .request, .message: frames.dropFirst(2).reduce(0) { $0 + $1.count }
        case .chunk: frames[1].count
        default: 0
        }
    }

    /// Counts a message that a side sends.
    ///
    /// - Returns: what is wrong with that, if anything.
    mutating func count(_ frames: [Frame], from side: Side, limits: SessionLimits) -> String? {
        guard case .header(let header) = FrameHeader.read(frames[0]) else { return "a message without a header" }
        let cost = Self.cost(header, frames)
        inFlight[side.rawValue] += cost
        callInFlight[side.rawValue][header.call, default: 0] += cost
        if inFlight[side.rawValue] > limits.sessionWindowBytes {
            return "\(inFlight[side.rawValue]) bytes of the session are in flight"
        }
        let ofCall = callInFlight[side.rawValue][header.call] ?? 0
        return ofCall > limits.callWindowBytes ? "\(ofCall) bytes of call \(header.call) are in flight" : nil
    }

    /// Takes a message that reaches a side: credit is what its earlier bytes come back as.
    mutating func arrive(_ frames: [Frame], at side: Side) {
        guard case .header(let header) = FrameHeader.read(frames[0]), header.kind == .credit else { return }
        if header.call == 0 {
            inFlight[side.rawValue] -= Int(header.auxiliary)
        } else {
            callInFlight[side.rawValue][header.call, default: 0] -= Int(header.auxiliary)
        }
    }
}
