import Messaging
import Testing
import Wire

@testable import RPC

@Suite("The same bytes as python-protobuf's")
struct GoldenTests {
    private let golden: GoldenMessages

    init() throws { golden = try GoldenMessages() }

    private func check<Message: WireMessage>(_ name: String, _ message: Message) throws {
        let bytes = try golden.message(name)
        #expect(try message.encoded() == bytes, "\(name)")
        #expect(try Message(decoding: bytes) == message, "\(name)")
    }

    // MARK: Heads

    private static let limits = ZRPLimits(
        maxFrameBytes: .max, maxMessageBytes: .max, inlineAttachmentBytes: 1, chunkBytes: 1024, maxCalls: 4096,
        callWindowBytes: 8 << 20, sessionWindowBytes: 1 << 63, maxMetadataBytes: 16384)
    private static let metadata = [
        ZRPMeta(key: "schlüssel", value: [0, 255]), ZRPMeta(key: "schlüssel"), ZRPMeta(value: [0x76]),
    ]
    private static let attachments = [
        ZRPAttachment(size: 5 << 20, chunked: true, crc32c: 0xE306_9283, name: "pixels"),
        ZRPAttachment(name: "empty"), ZRPAttachment(size: .max),
    ]

    @Test func areWrittenForEveryHead() throws {
        try check("Limits", Self.limits)
        try check(
            "Hello",
            ZRPHello(
                versionMin: 1, versionMax: 2, peer: "gpu-7 ☺", role: "sampler", bootID: 0x0102_0304_0506_0708,
                limits: Self.limits, serves: ["atelier.echo.Echo", ""], schemaDigest: Array(0..<32),
                compression: ["zstd", "zlib"], build: "1.0"))
        try check(
            "Welcome",
            ZRPWelcome(
                version: 1, peer: "coordinator", bootID: .max, sessionID: 10, limits: Self.limits, heartbeatMs: 1000,
                leaseMs: 5000, serves: ["a.B", "c.D"], compression: "zlib", role: "coordinator"))
        try check("GoAway", ZRPGoAway(reason: 3, text: "maintenance", lastCallID: .max, graceMs: 2000))
        try check("Ping", ZRPPing(sentNs: 1 << 63, activeCalls: 1, queuedCalls: 2, capacity: 3, state: .max))
        try check("Meta", Self.metadata[0])
        try check("Attachment", Self.attachments[0])
        try check(
            "CallHead",
            ZRPCallHead(
                method: "atelier.echo.Echo/Unary", timeoutUs: .max, metadata: Self.metadata, attempt: .max,
                idempotencyKey: Array("key".utf8), attachments: Self.attachments, waitForReady: true,
                uncompressedBytes: 1 << 20))
        try check("MessageHead", ZRPMessageHead(attachments: Self.attachments, uncompressedBytes: 1))
        try check("Detail", ZRPDetail(typeURL: "type.example/Why", value: [1, 2]))
        try check(
            "CallStatus",
            ZRPCallStatus(
                code: 16, text: "größer ☺ 😈\n", trailers: Self.metadata,
                details: [ZRPDetail(typeURL: "x"), ZRPDetail(value: [0x79])], retryAfterMs: .min, notProcessed: true))
    }

    @Test func areThereForEveryHeadOfTheProtocol() throws {
        for type in HeadCatalogue.messages {
            let name = try #require(type.wireDescriptor.name.split(separator: ".").last)
            #expect(try !golden.message(String(name)).isEmpty, "\(name)")
            #expect(try type.init().encoded().isEmpty, "\(name): all at their defaults")
        }
    }

    @Test func areWrittenForEveryKindOfField() throws {
        try check("Everything", WireMessageTests.everything)
        #expect(try EchoEverything().encoded() == [])
    }

    // MARK: Whole messages

    private func conversation() throws -> (talk: GoldenConversation, body: [UInt8]) {
        let said = try #require(golden.sayings.first { $0.kind == "MESSAGE" && $0.frames[0][4] == 2 })
        let bytes = Int(try ZRPMessageHead(decoding: said.frames[1]).uncompressedBytes)
        return (GoldenConversation(compressed: (said.frames[2], bytes)), said.frames[2])
    }

    @Test func areSaidByBothEndsOfASession() throws {
        let said = try conversation().talk.said
        for side in SimulatedSession.Side.allCases {
            let expected = golden.sayings.filter { $0.side == side }
            let ours = said.filter { $0.side == side }.map { $0.frames.map { $0.withUnsafeBytes { Array($0) } } }
            #expect(ours.count == expected.count)
            for (number, (ours, expected)) in zip(ours, expected).enumerated() {
                #expect(ours == expected.frames, "\(side), message \(number): \(expected.kind)")
            }
        }
        // No kind is missing.
        let kinds = Set(golden.sayings.map { $0.frames[0][3] })
        for number in UInt8(0)...255 where FrameKind(rawValue: number) != nil {
            #expect(kinds.contains(number), "kind \(number)")
        }
    }

    @Test func areUnderstoodByBothEndsOfASession() throws {
        let (talk, body) = try conversation()
        let session = talk.session
        let peers = session.peers.map { $0.map { "\($0.name) \($0.role) \($0.bootID) \($0.serves)" } }
        #expect(peers[0] == #"listener coordinator 9 ["atelier.echo.Echo", "grpc.health.v1.Health"]"#)
        #expect(peers[1] == #"dialer sampler 72623859790382856 ["atelier.echo.Echo"]"#)
        let asked = try #require(session.seen[1][1])
        let request = try #require(asked.request)
        #expect(request.method == GoldenConversation.request.method)
        #expect(request.timeout == .seconds(5) && request.attempt == 2 && request.waitForReady)
        #expect(request.metadata == ["k": "v"] && request.idempotencyKey == Array("key".utf8))
        #expect(asked.messages.count == 2 && asked.inputEnded)
        #expect(asked.messages[0].attachments.map(\.name) == ["small", "large"])
        #expect(asked.messages[0].attachments[1].bytes == ByteBuffer(copying: GoldenConversation.large))
        #expect(asked.messages[0].checksums == asked.messages[0].attachments.map(\.bytes.crc32c))
        #expect(asked.messages[1].body.withUnsafeBytes { Array($0) } == body)
        let plain = try asked.messages[1].withBody("") { (bytes) throws(RPCStatus) in Array(bytes) }
        #expect(plain == [0x0a, 0x40] + Array((String(repeating: "again ", count: 10) + "once").utf8))
        let answered = try #require(session.seen[0][1])
        #expect(answered.headers == ["x-first": "1"])
        #expect(answered.finished.map(\.trailers) == [["x-last": "2"]])
        #expect(session.seen[0][3]?.finished == [GoldenConversation.failure])
        #expect(session.seen[1][5]?.finished.map(\.code) == [.cancelled])
        #expect(
            session.closed.map { $0?.message } == [
                "the session was drained", "the peer ended the session: the session was drained",
            ])
    }

    @Test func areSaidToWhoSpeaksAnotherVersion() throws {
        var session = SimulatedSession(connect: false)
        session.act(.listener) { $0.linkIsUp() }
        let hello = try ZRPHello(versionMin: 2, versionMax: 3).encoded()
        session.act(.listener) { $0.received([FrameHeader(.hello).frame, .bytes(hello)]) }
        let answer = session.wires[0].map { $0.map { $0.withUnsafeBytes { Array($0) } } }
        #expect(answer == [try golden.frames("refusal", "STATUS")])
    }

    // MARK: What is left of bytes that nobody writes

    /// What python-protobuf reads and this end refuses, for protobuf-c would take it too trustingly or not at all.
    private static let stricter: Set = ["group", "other-wire-type", "nul"]

    @Test func areLeftOfWhateverIsRead() throws {
        #expect(golden.readings.count > 50)
        for reading in golden.readings {
            let ours = try? EchoEverything(decoding: reading.input)
            if Self.stricter.contains(reading.name) {
                #expect(reading.output != nil && ours == nil, "\(reading.name)")
            } else {
                // As our encoder writes both: of a map's entry python-protobuf writes defaults too.
                let theirs = try reading.output.map { try EchoEverything(decoding: $0) }
                #expect(try ours?.encoded() == theirs?.encoded(), "\(reading.name)")
            }
        }
    }
}
