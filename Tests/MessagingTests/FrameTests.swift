import Messaging
import Testing

@testable import RPC

@Suite("Frames of ZRP/1")
struct FrameTests {
    static let golden: [(FrameHeader, [UInt8])] = [
        (FrameHeader(.hello), [0x5A, 0x52, 1, 1] + [UInt8](repeating: 0, count: 20)),
        (
            FrameHeader(.request, call: 0x0102_0304_0506_0708, flags: 1, attachments: 2, sequence: 9, auxiliary: 10),
            [0x5A, 0x52, 1, 16, 1, 0, 2, 0, 8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 10, 0, 0, 0]
        ),
        (
            FrameHeader(.credit, call: 3, auxiliary: 0xFFFF_FFFE),
            [0x5A, 0x52, 1, 21, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]
        ),
    ]

    @Test func headersHaveTheirGoldenBytes() {
        for (header, bytes) in Self.golden {
            #expect(header.encoded() == bytes)
            #expect(FrameHeader.read(.bytes(bytes)) == .header(header))
        }
    }

    @Test func truncatedHeadersAreMalformedAndFlippedBitsAreReadOrRefused() {
        for (_, bytes) in Self.golden {
            for count in 0..<24 {
                guard case .malformed = FrameHeader.read(.bytes(Array(bytes[..<count]))) else {
                    Issue.record("\(count) bytes were taken for a header")
                    continue
                }
            }
            for bit in 0..<(24 * 8) {
                var changed = bytes
                changed[bit / 8] ^= 1 << (bit % 8)
                if case .header(let header) = FrameHeader.read(.bytes(changed)) {
                    #expect(header.encoded()[4...] == changed[4...])
                }
            }
        }
    }

    @Test func kindsOfTheExtensionRangeAreIgnored() {
        for kind in UInt8(0)...255 {
            var bytes = FrameHeader(.ping).encoded()
            bytes[3] = kind
            switch FrameHeader.read(.bytes(bytes)) {
            case .ignorable: #expect((32...63).contains(kind))
            case .header(let header): #expect(header.kind.rawValue == kind)
            case .malformed: #expect(FrameKind(rawValue: kind) == nil && !(32...63).contains(kind))
            }
        }
    }

    /// Whatever bit of whatever message of a session flips: neither end traps, and each call still ends.
    @Test func everyFlippedBitOfAConversationIsSurvived() throws {
        let request = CallRequest(
            method: "a.B/C", timeout: .seconds(1), metadata: ["k": "v"], attempt: 0, idempotencyKey: [],
            waitForReady: false)
        var limits = SessionLimits()
        limits.inlineAttachmentBytes = 100
        limits.chunkBytes = 1024
        func converse(_ meddle: (Int, [Frame]) -> [Frame]) throws -> (SimulatedSession, Int) {
            var session = SimulatedSession(limits: limits)
            var count = 0
            func settle() {
                while !session.isQuiet {
                    for side in SimulatedSession.Side.allCases where !session.wires[side.rawValue].isEmpty {
                        session.wires[side.rawValue][0] = meddle(count, session.wires[side.rawValue][0])
                        count += 1
                        session.deliver(to: side)
                    }
                }
            }
            let attachments = [
                Attachment(copying: [UInt8(1), 2]), Attachment(copying: [UInt8](repeating: 1, count: 3000)),
            ]
            let id = try session.act(.dialer) {
                try $0.open(request, message: OutgoingMessage(body: [8, 1], attachments: attachments), isEnd: true)
            }
            settle()
            session.read(.listener, id)
            session.act(.listener) { $0.respond(id, OutgoingMessage(body: [1]), RPCStatus(.ok, "")) }
            settle()
            for side in SimulatedSession.Side.allCases { session.act(side) { $0.timerFired(.deadline(call: id)) } }
            return (session, count)
        }
        let (_, messages) = try converse { $1 }
        #expect(messages > 5)
        for index in 0..<messages {
            var bits = 0
            var bit = 0
            repeat {
                let (session, _) = try converse { number, frames in
                    guard number == index else { return frames }
                    // The raw content of large frames is not looked at, so a part of it is enough.
                    let sizes = frames.map { min($0.count, 60) }
                    bits = sizes.reduce(0, +) * 8
                    return Self.flipping(bit, frames, sizes)
                }
                let call = session.seen[0][1]
                #expect(call?.finished.count == 1, "message \(index), bit \(bit)")
                bit += 1
            } while bit < bits
        }
    }

    private static func flipping(_ bit: Int, _ frames: [Frame], _ sizes: [Int]) -> [Frame] {
        var rest = bit
        var frames = frames
        for (index, size) in sizes.enumerated() {
            if rest < size * 8 {
                var bytes = frames[index].withUnsafeBytes { Array($0) }
                bytes[rest / 8] ^= 1 << (rest % 8)
                frames[index] = .bytes(bytes)
                return frames
            }
            rest -= size * 8
        }
        return frames
    }
}
