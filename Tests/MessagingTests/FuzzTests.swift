import Messaging
import RPC
import Testing
import Wire

/// Every type of message against bytes of every kind, the same ones in every run.
@Suite("Structural fuzzing of every message", .timeLimit(.minutes(1)))
struct FuzzTests {
    static let types: [any WireMessage.Type] = WireCatalogue.messages + HeadCatalogue.messages

    private func seeds(_ type: any WireMessage.Type, _ count: Int) -> [UInt64] {
        let start = type.wireDescriptor.name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        return (0..<UInt64(count)).map { start &+ $0 }
    }

    @Test func theCatalogueIsComplete() {
        #expect(Self.types.count > 50)
        #expect(Set(Self.types.map { $0.wireDescriptor.name }).count == Self.types.count)
    }

    /// What was decoded once is the same after another round, and so are its bytes.
    private func roundTrip<Message: WireMessage>(_ type: Message.Type, _ bytes: [UInt8]) throws {
        let first = try Message(decoding: bytes).encoded()
        let second = try Message(decoding: first).encoded()
        #expect(first == second, "\(type): \(bytes)")
    }

    @Test func honestBytesAreDecodedAndSurviveARoundTrip() throws {
        for type in Self.types {
            for seed in seeds(type, 40) {
                var smith = WireSmith(seed: seed)
                try roundTrip(type, smith.message(type.wireDescriptor))
            }
        }
    }

    @Test func damagedBytesAreDecodedOrRefused() throws {
        var (decoded, refused) = (0, 0)
        for type in Self.types {
            for seed in seeds(type, 60) {
                var smith = WireSmith(seed: seed)
                let honest = smith.message(type.wireDescriptor)
                for _ in 0..<6 {
                    let bytes = smith.damaged(honest)
                    do {
                        let message = try type.init(decoding: bytes)
                        _ = try message.encoded()
                        decoded += 1
                    } catch {
                        refused += 1
                    }
                }
            }
        }
        // Neither a check that lets everything pass nor one that refuses everything.
        #expect(decoded > 1000 && refused > 1000, "\(decoded) decoded, \(refused) refused")
    }

    @Test func everyTruncationAndEveryFlippedBitOfEveryTypeIsSurvived() throws {
        for type in Self.types {
            var smith = WireSmith(seed: seeds(type, 1)[0])
            let bytes = Array(smith.message(type.wireDescriptor).prefix(400))
            for count in bytes.indices { _ = try? type.init(decoding: Array(bytes[..<count])) }
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    if let message = try? type.init(decoding: changed) { _ = try message.encoded() }
                }
            }
        }
    }

    @Test func tooManyFieldsAreRefusedByEveryType() throws {
        let many = Array(repeatElement([0xfa, 0x01, 0x00] as [UInt8], count: 65_537).joined())
        for type in Self.types {
            let error = #expect(throws: WireError.self) { try type.init(decoding: many) }
            #expect(error?.description.contains("more than 65536 fields") == true, "\(error?.description ?? "")")
        }
    }

    /// Ten thousand levels, each a length-delimited field that the type has, or else one that it does not know.
    @Test func deepNestingIsSurvivedByEveryType() throws {
        for type in Self.types {
            let inner = type.wireDescriptor.fields.first { if case .message = $0.form { true } else { false } }
            var bytes: [UInt8] = []
            // Built from the inside; in reverse, because inserting in front of ten thousand levels takes for ever.
            for _ in 0..<10_000 {
                let head = WireSmith.tag(inner?.number ?? 500, 2) + WireSmith.varint(UInt64(bytes.count))
                bytes += head.reversed()
            }
            _ = try? type.init(decoding: Array(bytes.reversed()))
        }
    }

    @Test func aTypeThatContainsItselfIsRefusedBelowTheLimit() throws {
        // None of ours does, and lint keeps it so; protobuf-c would recurse until the stack ends.
        for type in Self.types { #expect(Self.depth(type.wireDescriptor, []) < 32, "\(type)") }
    }

    private static func depth(_ descriptor: WireDescriptor, _ above: [String]) -> Int {
        guard above.count < 40 else { return above.count }
        let inner = descriptor.fields.map { field -> Int in
            if case .message(let inner) = field.form { depth(inner, above + [descriptor.name]) } else { 0 }
        }
        return 1 + (inner.max() ?? 0)
    }

    @Test func textThatIsNoneIsRefusedWhereverItIs() throws {
        var places = 0
        for type in Self.types {
            for field in type.wireDescriptor.fields {
                guard case .text = field.form else { continue }
                places += 1
                for text in [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [65, 0], [0xf5, 0x80, 0x80, 0x80]] as [[UInt8]] {
                    #expect(throws: WireError.self) { try type.init(decoding: WireSmith.delimited(field.number, text)) }
                }
            }
        }
        #expect(places > 30)
    }

    @Test func theLastOfAOneofWinsAndUnknownEnumeratorsPass() throws {
        // label "x", then a detail, then the flag: field numbers of echo.proto.
        let label = WireSmith.delimited(28, Array("x".utf8))
        let detail = WireSmith.delimited(29, WireSmith.delimited(1, Array("inner".utf8)))
        let flag: [UInt8] = WireSmith.tag(31, 0) + [1]
        #expect(try EchoEverything(decoding: label + detail + flag).choice == .default(true))
        #expect(try EchoEverything(decoding: flag + detail + label).choice == .label("x"))
        #expect(try EchoEverything(decoding: flag + detail).choice == .detail(.init(name: "inner")))
        let colour = WireSmith.tag(16, 0) + WireSmith.varint(77)
        #expect(try EchoEverything(decoding: colour).colour == .unrecognized(77))
        // A singular message that comes twice is merged.
        let twice =
            WireSmith.delimited(17, WireSmith.delimited(1, Array("name".utf8)))
            + WireSmith.delimited(17, WireSmith.delimited(2, WireSmith.varint(2)))
        #expect(try EchoEverything(decoding: twice).inner == .init(name: "name", deltas: [1]))
    }
}
