import Messaging
import RPC
import Testing
import Wire

@Suite("Messages on the wire")
struct WireMessageTests {
    static var everything: EchoEverything {
        var message = EchoEverything(
            aInt32: -5, aInt64: -(1 << 60), aUint32: 4_000_000_000, aUint64: 1 << 63 + 1, aSint32: -77,
            aSint64: -(1 << 50), aFixed32: 123, aFixed64: 1 << 40, aSfixed32: -9, aSfixed64: -(1 << 41), aFloat: 1.5,
            aDouble: -0.1, aBool: true, aString: "größer ☺ 😈", aBytes: [0, 255], colour: .green)
        message.inner = .init(name: "inner")
        message.numbers = [1, -2, 300]
        message.weights = [0.5, -0.25]
        message.flags = [true, false, true]
        message.words = ["a", "", "c"]
        message.blobs = [[], [1]]
        message.colours = [.unspecified, .red, .unrecognized(7)]
        message.inners = [.init(name: "one"), .init(deltas: [5])]
        message.scores = ["b": 2, "a": 1]
        message.parts = [3: .init(name: "three")]
        message.limit = 0
        message.choice = .detail(.init(name: "chosen", deltas: [-1, 2]))
        message.point = EchoPoint(x: 1, y: 2)
        return message
    }

    @Test func everyChoiceSurvives() throws {
        let choices: [EchoEverything.Choice?] = [
            nil, .label(""), .label("x"), .detail(.init()), .tint(.red), .`default`(false), .raw([]), .raw([1, 0, 2]),
        ]
        for choice in choices {
            let message = EchoEverything(choice: choice)
            #expect(try EchoEverything(decoding: message.encoded()) == message)
        }
        #expect(try EchoEverything(decoding: EchoEverything(limit: nil).encoded()).limit == nil)
    }

    @Test func everyTruncationAndEveryFlippedBitIsDecodedOrRefused() throws {
        let bytes = try GoldenMessages().message("Everything")
        for count in 0..<bytes.count { _ = try? EchoEverything(decoding: Array(bytes[..<count])) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                if let message = try? EchoEverything(decoding: changed) { _ = try message.encoded() }
            }
        }
    }

    @Test func hostileBytesAreRefusedWithTheReason() throws {
        func nested(_ depth: Int) -> [UInt8] {
            // Field 17 is a message; inside it the bytes are unknown fields, which have no depth.
            var bytes: [UInt8] = []
            for _ in 0..<depth { bytes = [0x8a, 0x01] + Self.varint(bytes.count) + bytes }
            return bytes
        }
        let cases: [([UInt8], String)] = [
            ([0x72, 1, 0], "NUL"), ([0x72, 1, 0xff], "UTF-8"), ([0x72, 2, 0xc3, 0x28], "UTF-8"),
            ([0x72, 5, 65], "passes the end"), ([0x0b], "wire type 3"), ([0x00, 0x00], "malformed tag"),
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "malformed tag"), ([0x59, 1, 2], "passes the end"),
            ([0x08] + [UInt8](repeating: 0xff, count: 11), "malformed varint"),
            (Array(repeatElement([UInt8](arrayLiteral: 0x08, 1), count: 65_537).joined()), "more than 65536 fields"),
            ([UInt8](repeating: 0, count: 1 << 20 + 1), "more than 1048576"),
        ]
        for (bytes, reason) in cases {
            let error = try #require(throws: WireError.self) { try EchoEverything(decoding: bytes) }
            #expect(error.description.contains(reason), "\(error)")
        }
        _ = try EchoEverything(decoding: nested(20))
    }

    @Test func aSmallMessageCannotTakeMuchMemory() {
        // Empty submessages (field 24): 3 bytes of wire each, and some 70 bytes in memory.
        let bytes = Array(repeatElement([0xc2, 0x01, 0x00] as [UInt8], count: 60_000).joined())
        let error = #expect(throws: WireError.self) { try EchoEverything(decoding: bytes) }
        #expect(error?.description.contains("too large in memory") == true, "\(error?.description ?? "decoded")")
    }

    @Test func aMessageInManyPartsIsOne() throws {
        let parts = (0..<20_000).map { number in
            let deltas = number % 10_000 == 0 ? WireSmith.delimited(2, [2]) : []
            return WireSmith.delimited(17, WireSmith.delimited(1, Array("part \(number)".utf8)) + deltas)
        }
        let message = try EchoEverything(decoding: Array(parts.joined()))
        #expect(message.inner == .init(name: "part 19999", deltas: [1, 1]))
    }

    @Test func aStringWithANULCannotBeSent() {
        #expect(throws: WireError.self) { try EchoRequest(text: "a\0b").encoded() }
    }

    private static func varint(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }
}
