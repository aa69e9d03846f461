import Messaging
import Testing

@testable import RPC

@Suite("Sessions under a simulated network")
struct SimulationTests {
    static func limits(_ generator: inout SeededGenerator) -> SessionLimits {
        var limits = SessionLimits()
        limits.callWindowBytes = Int.random(in: 1024...20_000, using: &generator)
        limits.sessionWindowBytes = Int.random(in: 4096...50_000, using: &generator)
        limits.chunkBytes = Int.random(in: 1024...8000, using: &generator)
        limits.inlineAttachmentBytes = Int.random(in: 1...6000, using: &generator)
        return limits
    }

    static func message(_ generator: inout SeededGenerator) -> OutgoingMessage {
        let attachments = (0..<Int.random(in: 0...3, using: &generator)).map { index in
            let size = Int.random(in: 0...40_000, using: &generator)
            return Attachment(name: "\(index)", copying: [UInt8](repeating: UInt8(size & 0xff), count: size))
        }
        let body = [UInt8](repeating: 7, count: Int.random(in: 0...30_000, using: &generator))
        return OutgoingMessage(body: body, attachments: attachments)
    }

    /// Both sides open calls, send, read, answer and cancel in a random order; then everything is read and answered.
    @Test(arguments: 0..<60)
    func everyCallEndsOnceAndEveryMessageArrivesWhole(seed: Int) throws {
        var generator = SeededGenerator(state: UInt64(seed))
        var session = SimulatedSession(limits: Self.limits(&generator))
        var originated: [(side: SimulatedSession.Side, id: UInt64)] = []
        var sent: [UInt64: [OutgoingMessage]] = [:]
        var cancelled: Set<UInt64> = []
        for _ in 0..<400 {
            let side = SimulatedSession.Side.allCases.randomElement(using: &generator) ?? .dialer
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                let message = Self.message(&generator)
                let request = CallRequest(
                    method: "a.B/C", timeout: .seconds(9), metadata: Metadata(), attempt: 0, idempotencyKey: [],
                    waitForReady: false)
                let id = try session.act(side) { try $0.open(request, message: message, isEnd: false) }
                originated.append((side, id))
                sent[id] = [message]
            case 1, 2:
                guard let (side, id) = originated.randomElement(using: &generator), !cancelled.contains(id) else {
                    break
                }
                let message = Self.message(&generator)
                try session.act(side) { try $0.send(id, message) }
                sent[id]?.append(message)
            case 3:
                guard let (side, id) = originated.randomElement(using: &generator), seed % 2 == 0 else { break }
                session.act(side) { $0.cancel(id, RPCStatus(.cancelled, "")) }
                cancelled.insert(id)
            case 4:
                if let id = originated.randomElement(using: &generator)?.id { session.read(side, id) }
            default: session.deliver(to: side)
            }
        }
        for (side, id) in originated { session.act(side) { $0.endInput(id) } }
        // What is left: every call is read to its end and answered with one message.
        for _ in 0..<2000 {
            session.settle()
            for (side, id) in originated {
                session.read(side, id)
                session.read(side.other, id)
                let seen = session.seen[side.other.rawValue][id]
                if let seen, seen.inputEnded, seen.unread.isEmpty {
                    session.seen[side.other.rawValue][id]?.inputEnded = false
                    let answer = Self.message(&generator)
                    session.act(side.other) { $0.respond(id, answer, RPCStatus(.ok, "")) }
                }
            }
        }
        try #require(session.closed[0] == nil && session.closed[1] == nil, "\(session.closed)")
        for (side, id) in originated {
            let near = try #require(session.seen[side.rawValue][id])
            try #require(near.finished.count == 1, "call \(id) of seed \(seed)")
            guard !cancelled.contains(id) else { continue }
            let far = try #require(session.seen[side.other.rawValue][id])
            #expect(near.finished.first?.code == .ok)
            #expect(near.messages.count == 1)
            #expect(far.messages.map(\.attachments) == sent[id]?.map(\.attachments))
            #expect(far.messages.map(\.body.count) == sent[id]?.map(\.body.count))
        }
        for machine in session.machines {
            #expect(machine.openCalls == 0)
            #expect(machine.reservedBytes == 0)
            #expect(machine.originatedCount == 0)
        }
        #expect(session.timers.allSatisfy { $0 == [.heartbeat] })
    }

    /// An end that has stood still for about the lease has been given up by the other: it does nothing for it any more.
    @Test(arguments: SimulatedSession.Side.allCases)
    func aHeartbeatThatComesFarTooLateEndsTheSession(side: SimulatedSession.Side) {
        var session = SimulatedSession()
        // The lease is five seconds, and a heartbeat one.
        session.act(side) { $0.timerFired(.heartbeat, lateness: .milliseconds(3900)) }
        session.settle()
        #expect(session.closed[0] == nil && session.closed[1] == nil)
        session.act(side) { $0.timerFired(.heartbeat, lateness: .seconds(4)) }
        #expect(session.closed[side.rawValue]?.message == "\(side) stood still for 4.0 seconds")
        session.settle()
        let other = session.closed[side.other.rawValue]
        #expect(other?.message == "the peer ended the session: \(side) stood still for 4.0 seconds")
    }
}
