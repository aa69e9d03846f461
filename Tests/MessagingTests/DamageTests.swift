import Messaging
import Testing

@testable import RPC

/// One message of every kind, damaged in every way, on its way between the two ends of a real session.
@Suite("Damage of every message of a session", .timeLimit(.minutes(2)))
struct DamageTests {
    /// How a conversation went on after a message was damaged.
    private struct Counts {
        var refused = 0
        var survived = 0
    }

    private let compressed: (body: [UInt8], bytes: Int)
    private let sayings: [(side: SimulatedSession.Side, frames: [Frame])]

    init() throws {
        let said = try #require(try GoldenMessages().sayings.first { $0.kind == "MESSAGE" && $0.frames[0][4] == 2 })
        compressed = (said.frames[2], Int(try ZRPMessageHead(decoding: said.frames[1]).uncompressedBytes))
        sayings = GoldenConversation(compressed: compressed).said
    }

    private func kind(_ number: Int) -> FrameKind? {
        if case .header(let header) = FrameHeader.read(sayings[number].frames[0]) { header.kind } else { nil }
    }

    /// Holds the conversation with another message in the place of one of its own.
    ///
    /// Whatever it is: nobody traps, each call ends once, nothing is kept, and who does not go on says RESET.
    ///
    /// - Returns: whether an end refused to go on.
    private func isRefused(_ number: Int, _ damaged: [Frame], _ comment: String) -> Bool {
        let talk = GoldenConversation(compressed: compressed) { $0 == number ? damaged : $1 }
        for id in talk.opened { #expect(talk.session.seen[0][id]?.finished.count == 1, "\(comment): call \(id)") }
        var isRefused = false
        for side in SimulatedSession.Side.allCases {
            let machine = talk.session.machines[side.rawValue]
            #expect(talk.session.seen[side.rawValue].values.allSatisfy { $0.finished.count <= 1 }, "\(comment)")
            #expect(machine.openCalls == 0 && machine.reservedBytes == 0, "\(comment)")
            guard let reason = talk.session.closed[side.rawValue]?.message else {
                Issue.record("\(comment): the \(side) is still open")
                continue
            }
            guard reason.hasPrefix("the peer broke the protocol") else { continue }
            isRefused = true
            let last = talk.said.last { $0.side == side }?.frames ?? []
            guard case .header(let header)? = last.first.map(FrameHeader.read), header.kind == .reset else {
                Issue.record("\(comment): the \(side) says no RESET, although \(reason)")
                continue
            }
        }
        return isRefused
    }

    private func replacing(_ frames: [Frame], _ index: Int, _ change: (inout [UInt8]) -> Void) -> [Frame] {
        var frames = frames
        var bytes = frames[index].withUnsafeBytes { Array($0) }
        change(&bytes)
        frames[index] = .bytes(bytes)
        return frames
    }

    @Test func anUndamagedConversationIsRefusedByNobody() {
        for number in sayings.indices {
            let isRefused = isRefused(number, sayings[number].frames, "message \(number)")
            #expect(!isRefused, "message \(number)")
        }
    }

    @Test func everyFlippedBitIsAcceptedIgnoredOrReset() {
        var counts: [FrameKind: Counts] = [:]
        for (number, said) in sayings.enumerated() {
            guard let kind = kind(number) else { continue }
            for (index, frame) in said.frames.enumerated() {
                // Of the raw bytes of a chunk nobody sees more than their number.
                for bit in 0..<min(frame.count, kind == .chunk ? 24 : .max) * 8 {
                    let damaged = replacing(said.frames, index) { $0[bit / 8] ^= 1 << (bit % 8) }
                    let isRefused = isRefused(number, damaged, "\(kind) \(number), frame \(index), bit \(bit)")
                    if isRefused {
                        counts[kind, default: Counts()].refused += 1
                    } else {
                        counts[kind, default: Counts()].survived += 1
                    }
                }
            }
        }
        #expect(counts.count == 13)
        for (kind, count) in counts {
            // Magic, version and most kinds; flags that mean nothing, and the range of extensions.
            #expect(count.refused >= 24 && count.survived >= 14, "\(kind): \(count)")
        }
    }

    @Test func everyTruncationIsAcceptedIgnoredOrReset() {
        for (number, said) in sayings.enumerated() {
            for (index, frame) in said.frames.enumerated() {
                for count in 0..<frame.count {
                    let damaged = replacing(said.frames, index) { $0 = Array($0[..<count]) }
                    let isRefused = isRefused(number, damaged, "message \(number), frame \(index), \(count) bytes")
                    if index == 0 { #expect(isRefused, "message \(number): a header of \(count) bytes") }
                }
            }
        }
    }

    @Test func framesTooFewOrTooManyAreAcceptedIgnoredOrReset() {
        for (number, said) in sayings.enumerated() {
            for count in 0..<said.frames.count {
                _ = isRefused(number, Array(said.frames[..<count]), "message \(number), \(count) frames")
            }
            for more in 1...16 {
                let frames = said.frames + Array(repeating: .bytes([1]), count: more)
                let isRefused = isRefused(number, frames, "message \(number), \(more) frames more")
                // One more may be the head that a message came without.
                if more > 1 { #expect(isRefused, "message \(number), \(more) frames more") }
            }
        }
    }
}
