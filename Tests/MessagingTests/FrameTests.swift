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
}
