import Messaging
import Testing

@testable import RPC

/// What a session takes of its process: memory for messages that nobody has read, here or there, and time.
@Suite("What a session may take")
struct SessionMemoryTests {
    private static let megabyte = 1 << 20
    private static let request = CallRequest(
        method: "a.B/C", timeout: .seconds(9), metadata: Metadata(), attempt: 0, idempotencyKey: [],
        waitForReady: false)

    private static func message(_ bytes: Int) -> OutgoingMessage {
        OutgoingMessage(body: [UInt8](repeating: 1, count: bytes))
    }

    private static func session(memory: Int, window: Int = 1024) -> SimulatedSession {
        SimulatedSession { side, settings in
            settings.memory = MemoryBudget(memory)
            if side == .dialer { settings.limits.sessionWindowBytes = window }
        }
    }

    /// The caller says that it takes 1 KiB, and never reads.
    @Test func answersThatNobodyReadsAreNotKeptWithoutEnd() throws {
        var session = Self.session(memory: 4 * Self.megabyte)
        var codes: [RPCStatus.Code] = []
        for _ in 0..<10 {
            let id = try session.act(.dialer) { try $0.open(Self.request, message: Self.message(0), isEnd: true) }
            session.settle()
            session.read(.listener, id)
            session.act(.listener) { $0.respond(id, Self.message(Self.megabyte), RPCStatus(.ok, "")) }
            session.settle()
            #expect(session.machines[1].reservedBytes <= 4 * Self.megabyte)
            if let code = session.seen[0][id]?.finished.first?.code { codes.append(code) }
        }
        // The first was let through by the empty window, and four wait for the next.
        #expect(session.machines[1].openCalls == 4)
        #expect(codes == [.ok] + [RPCStatus.Code](repeating: .resourceExhausted, count: 5))
        session.act(.listener) { $0.linkEnded("the end") }
        #expect(session.machines[1].reservedBytes == 0)
    }

    /// Requests that were handed to handlers are counted until these have ended, although their credit has been returned.
    @Test func whatHandlersWorkOnIsCounted() throws {
        let memory = MemoryBudget(4 * Self.megabyte)
        var session = SimulatedSession { side, settings in
            if side == .listener { settings.memory = memory }
        }
        var held: [Int] = []
        for number in 0..<6 {
            let id = try session.act(.dialer) {
                try $0.open(Self.request, message: Self.message(Self.megabyte - 1000), isEnd: true)
            }
            session.settle()
            guard let message = session.seen[1][id]?.messages.first else {
                #expect(number >= 4)
                #expect(session.seen[0][id]?.finished.first?.code == .resourceExhausted)
                continue
            }
            #expect(number < 4)
            session.act(.listener) { $0.handedOver(id, message) }
            held.append(message.reserved)
        }
        #expect(held.count == 4 && session.machines[1].reservedBytes == 0)
        for bytes in held { memory.give(bytes) }
        #expect(memory.usedBytes == 0)
    }

    /// Credits do not count empty messages.
    @Test func emptyMessagesThatNobodyReadsAreNotKeptWithoutEnd() throws {
        var session = SimulatedSession { side, settings in
            if side == .listener { settings.memory = MemoryBudget(100_000) }
        }
        let id = try session.act(.dialer) { try $0.open(Self.request, message: nil, isEnd: false) }
        for _ in 0..<1000 where session.seen[0][id]?.finished.isEmpty ?? true {
            try session.act(.dialer) { try $0.send(id, Self.message(0)) }
            session.settle()
        }
        #expect(session.seen[0][id]?.finished.first?.code == .resourceExhausted)
        #expect((100...1000).contains(session.seen[1][id]?.messages.count ?? 0))
    }

    /// An answer that waits for credit is the last call of a session that drains.
    @Test(arguments: SimulatedSession.Side.allCases)
    func theLastAnswerOfASessionThatDrainsMayWaitForCredit(drains: SimulatedSession.Side) throws {
        var session = Self.session(memory: 64 * Self.megabyte)
        var ids: [UInt64] = []
        for _ in 0..<2 {
            ids.append(try session.act(.dialer) { try $0.open(Self.request, message: nil, isEnd: true) })
        }
        session.settle()
        for id in ids { session.act(.listener) { $0.respond(id, Self.message(10_000), RPCStatus(.ok, "")) } }
        session.settle()
        session.act(drains) { $0.drain("enough", grace: .seconds(5)) }
        session.settle()
        #expect(session.seen[0][ids[1]]?.finished.isEmpty ?? true)
        session.read(.dialer, ids[0])
        session.settle()
        #expect(session.seen[0][ids[1]]?.finished.map(\.code) == [.ok])
        for side in SimulatedSession.Side.allCases {
            #expect(session.closed[side.rawValue]?.message.contains("drained") == true)
        }
    }

    /// Each would have all calls looked through.
    @Test func goAwayIsSaidOnce() throws {
        var session = SimulatedSession()
        _ = try session.act(.dialer) { try $0.open(Self.request, message: nil, isEnd: false) }
        session.settle()
        // The first, and one that the call may have.
        for _ in 0..<SessionMachine.maximumIdleFrames + 2 {
            #expect(session.closed[1] == nil)
            session.act(.listener) { $0.received([FrameHeader(.goAway).frame]) }
        }
        session.act(.listener) { $0.received([FrameHeader(.goAway).frame]) }
        #expect(session.closed[1]?.message.contains("without a purpose") == true)
    }

    /// Each call may be cancelled in the moment in which it ends, but not again and again.
    @Test func cancellingWhatIsOverIsCounted() throws {
        var session = SimulatedSession()
        for _ in 0..<3 * SessionMachine.maximumIdleFrames {
            let id = try session.act(.dialer) { try $0.open(Self.request, message: nil, isEnd: true) }
            session.settle()
            session.act(.listener) { $0.respond(id, nil, RPCStatus(.ok, "")) }
            session.settle()
            session.act(.listener) { $0.received([FrameHeader(.cancel, call: id).frame]) }
        }
        #expect(session.closed[1] == nil)
        for _ in 0...SessionMachine.maximumIdleFrames + 1 {
            session.act(.listener) { $0.received([FrameHeader(.cancel, call: 1).frame]) }
        }
        #expect(session.closed[1]?.message.contains("without a purpose") == true)
    }

    @Test(arguments: SimulatedSession.Side.allCases)
    func aNameIsNotABook(side: SimulatedSession.Side) {
        let session = SimulatedSession { who, settings in
            if who == side { settings.name = String(repeating: "n", count: 257) }
        }
        #expect(session.closed[side.other.rawValue]?.message.contains("a name of 257 bytes") == true)
    }
}
