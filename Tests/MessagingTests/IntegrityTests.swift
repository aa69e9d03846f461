import RPC
import Testing
import Wire

@testable import Messaging

/// Compressed bodies and attachments that are not what their heads say.
@Suite("What is not what it says", .timeLimit(.minutes(1)))
struct IntegrityTests {
    private static let networks = [Network.memory, .tcp]
    private static let unary = "atelier.echo.Echo/Unary"

    // MARK: Both ends

    /// A session of ours with a raw dialer.
    private static func withRawDialer(
        _ network: Network, _ hello: ZRPHello = ZRPHello(compression: ["zlib"]), _ body: (RawPeer) async throws -> Void
    ) async throws {
        try await Pair.with(network) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            var hello = hello
            (hello.versionMin, hello.versionMax, hello.peer) = (1, 1, "raw")
            try await raw.say(hello)
            let welcome = try #require(await raw.next(.welcome))
            let head = try ZRPWelcome(decoding: welcome[1].withUnsafeBytes { Array($0) })
            #expect(head.compression == (hello.compression.first ?? ""))
            try await body(raw)
            await raw.vanish()
            #expect(try await pair.echo.unary(EchoRequest(text: "calm")).message.text == "calm")
        }
    }

    /// A session of ours with a raw listener.
    private static func withRawListener(
        _ network: Network, _ welcome: ZRPWelcome = ZRPWelcome(compression: "zlib"),
        _ body: (RawPeer, Session) async throws -> Void
    ) async throws {
        let (transport, address) = network.make()
        let (raw, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        async let dialled = client.dial(listener.address)
        #expect(await raw.next(.hello) != nil)
        var welcome = welcome
        (welcome.version, welcome.peer) = (1, "raw")
        await raw.send(FrameHeader(.welcome), try welcome.encoded())
        try await body(raw, try await dialled)
        await client.close()
        await listener.close()
    }

    /// The id of the next call that a raw listener is asked for.
    private static func asked(_ raw: RawPeer) async throws -> UInt64 {
        let frames = try #require(await raw.next(.request))
        guard case .header(let header) = FrameHeader.read(frames[0]) else { return 0 }
        return header.call
    }

    /// How a call of ours ends.
    private static func outcome(_ call: Task<Void, any Error>) async -> RPCStatus.Code {
        do { try await call.value } catch { return RPCStatus(error).code }
        return .ok
    }

    // MARK: Compressed bodies

    /// A compressed body, the size that its head gives it, and how the call ends.
    private struct Body {
        let name: String
        let bytes: [UInt8]
        let announced: UInt32
        let code: RPCStatus.Code
    }

    private static func bodies() throws -> [Body] {
        // Request and response have their text in the same field.
        let plain = try EchoRequest(text: String(repeating: "again and ", count: 300)).encoded()
        let packed = try #require(Deflate.compress(plain))
        let size = UInt32(plain.count)
        var changed = packed
        changed[packed.count - 1] ^= 1
        return [
            Body(name: "what it says", bytes: packed, announced: size, code: .ok),
            Body(name: "a byte too few", bytes: packed, announced: size - 1, code: .dataLoss),
            Body(name: "a byte too many", bytes: packed, announced: size + 1, code: .dataLoss),
            Body(name: "one byte", bytes: packed, announced: 1, code: .dataLoss),
            Body(name: "the limit", bytes: packed, announced: 1 << 20, code: .dataLoss),
            Body(name: "above the limit", bytes: packed, announced: 1 << 20 + 1, code: .resourceExhausted),
            Body(name: "4 GiB", bytes: packed, announced: .max, code: .resourceExhausted),
            Body(name: "cut by a byte", bytes: Array(packed.dropLast()), announced: size, code: .dataLoss),
            Body(name: "half", bytes: Array(packed[..<(packed.count / 2)]), announced: size, code: .dataLoss),
            Body(name: "nothing", bytes: [], announced: size, code: .dataLoss),
            Body(name: "a byte behind the end", bytes: packed + [0], announced: size, code: .dataLoss),
            Body(name: "a second stream", bytes: packed + packed, announced: size, code: .dataLoss),
            Body(name: "another Adler-32", bytes: changed, announced: size, code: .dataLoss),
            Body(name: "not compressed", bytes: plain, announced: size, code: .dataLoss),
            Body(name: "no zlib around it", bytes: Array(packed[2...].dropLast(4)), announced: size, code: .dataLoss),
            Body(
                name: "a dictionary", bytes: [0x78, 0x20, 1, 2, 3, 4] + packed[2...], announced: size, code: .dataLoss),
        ]
    }

    /// Sends every body to a server, from a call id on.
    private static func checkBodies(_ raw: RawPeer, from first: UInt64 = 1) async throws {
        for (index, body) in try bodies().enumerated() {
            let head = ZRPCallHead(method: unary, uncompressedBytes: body.announced)
            let header = FrameHeader(.request, call: first + UInt64(2 * index), flags: 3)
            await raw.send(header, try head.encoded(), body.bytes)
            #expect(try await raw.nextStatus()?.code == body.code, "\(body.name)")
        }
    }

    @Test(arguments: networks)
    func aRequestIsWhatItsHeadSaysOrItsCallFails(network: Network) async throws {
        try await Self.withRawDialer(network) { try await Self.checkBodies($0) }
    }

    /// Says what is for nobody and yet no offence, and asks whether the session lives.
    private static func checkStrays(_ raw: RawPeer) async throws {
        for call in [UInt64(0), 2, 77, 78] {
            await raw.send(FrameHeader(.cancel, call: call))
            await raw.send(FrameHeader(.credit, call: call, auxiliary: call == 0 ? 0 : 5))
        }
        var extensions = FrameHeader(.ping, attachments: 9).encoded()
        extensions[3] = 40
        await raw.send([extensions, [1], [2], [3]])
        await raw.send(FrameHeader(.ping, flags: 0xffff, sequence: 7), [])
        let pong = try #require(await raw.next(.pong))
        #expect(pong.count == 2 && FrameHeader.read(pong[0]) == .header(FrameHeader(.pong, sequence: 7)))
    }

    @Test(arguments: networks)
    func whatIsForNobodyIsIgnored(network: Network) async throws {
        try await Self.withRawDialer(network) { try await Self.checkStrays($0) }
    }

    /// The second implementation reads the same page.
    @Test(.enabled(if: PythonPeer.isThere, PythonPeer.whatIsMissing))
    func aServerInPythonAnswersAsOursDoes() async throws {
        let (transport, address) = Network.ipc.make()
        let python = try await PythonPeer.serve(address)
        let raw = try await RawPeer.dial(python.address, transport)
        try await raw.say(
            ZRPHello(
                versionMin: 1, versionMax: 1, peer: "raw", limits: ZRPLimits(chunkBytes: 1024), compression: ["zlib"]))
        #expect(await raw.next(.welcome) != nil)
        try await Self.checkStrays(raw)
        try await Self.checkBodies(raw)
        try await Self.checkAttachments(raw, from: 1001, chunked: false)
        try await Self.checkAttachments(raw, from: 2001, chunked: true)
        await raw.send(FrameHeader(.request, call: 3001, flags: 1), [0x0a, 2, 0xc3, 0x28], [])
        #expect(await raw.next(.reset) != nil)
        await raw.vanish()
        python.stop()
    }

    @Test(arguments: networks)
    func aReplyIsWhatItsHeadSaysOrItsCallFails(network: Network) async throws {
        try await Self.withRawListener(network) { raw, session in
            for body in try Self.bodies() {
                let call = Task { _ = try await EchoClient(session).unary(EchoRequest()) }
                let id = try await Self.asked(raw)
                let head = ZRPMessageHead(uncompressedBytes: body.announced)
                await raw.send(FrameHeader(.message, call: id, flags: 3), try head.encoded(), body.bytes)
                await raw.send(FrameHeader(.status, call: id))
                #expect(await Self.outcome(call) == body.code, "\(body.name)")
            }
            #expect(await session.isOpen)
        }
    }

    @Test func aMessageOfAStreamIsWhatItsHeadSaysOrTheCallFails() async throws {
        let bad = try #require(try Self.bodies().first { $0.name == "half" })
        let head = try ZRPMessageHead(uncompressedBytes: bad.announced).encoded()
        try await Self.withRawDialer(.memory) { raw in
            let call = try ZRPCallHead(method: "atelier.echo.Echo/Bidirectional").encoded()
            await raw.send(FrameHeader(.request, call: 1), call, try EchoRequest(text: "good").encoded())
            #expect(await raw.next(.message) != nil)
            await raw.send(FrameHeader(.message, call: 1, flags: 2, sequence: 1), head, bad.bytes)
            #expect(try await raw.nextStatus()?.code == .dataLoss)
        }
        try await Self.withRawListener(.memory) { raw, session in
            let call = Task { for try await _ in try await EchoClient(session).serverStream(EchoRequest()) {} }
            let id = try await Self.asked(raw)
            await raw.send(FrameHeader(.message, call: id, flags: 2), head, bad.bytes)
            #expect(await Self.outcome(call) == .dataLoss)
            #expect(await raw.next(.cancel) != nil, "the other end is told")
            #expect(await session.isOpen)
        }
    }

    @Test(arguments: networks)
    func whatWasNotAgreedOnEndsTheSession(network: Network) async throws {
        let body = try #require(try Self.bodies().first)
        let cases: [(name: String, algorithms: [String], flags: UInt16, announced: UInt32)] = [
            ("no algorithm", [], 3, body.announced), ("no size", ["zlib"], 3, 0), ("no flag", ["zlib"], 1, 9),
        ]
        for (name, algorithms, flags, announced) in cases {
            try await Self.withRawDialer(network, ZRPHello(compression: algorithms)) { raw in
                let head = ZRPCallHead(method: Self.unary, uncompressedBytes: announced)
                await raw.send(FrameHeader(.request, call: 1, flags: flags), try head.encoded(), body.bytes)
                #expect(await raw.next(.reset) != nil, "\(name)")
            }
            let welcome = ZRPWelcome(compression: algorithms.first ?? "")
            try await Self.withRawListener(network, welcome) { raw, session in
                let call = Task { _ = try await EchoClient(session).unary(EchoRequest()) }
                let id = try await Self.asked(raw)
                let head = ZRPMessageHead(uncompressedBytes: announced)
                await raw.send(FrameHeader(.message, call: id, flags: flags), try head.encoded(), body.bytes)
                #expect(await raw.next(.reset) != nil, "\(name)")
                #expect(await Self.outcome(call) == .unavailable)
                #expect(await session.closed.message.contains("not agreed on"), "\(name)")
            }
        }
    }

    @Test func anAlgorithmThatWasNotOfferedEndsTheSession() async throws {
        let (transport, address) = Network.memory.make()
        let (raw, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        let dialled = Task { _ = try await client.dial(listener.address) }
        #expect(await raw.next(.hello) != nil)
        await raw.send(FrameHeader(.welcome), try ZRPWelcome(version: 1, peer: "raw", compression: "zstd").encoded())
        #expect(await raw.next(.reset) != nil)
        let status = await #expect(throws: RPCStatus.self) { try await dialled.value }
        #expect(status?.message.contains("'zstd', which was not offered") == true)
        await client.close()
        await listener.close()
    }

    /// A body of a mebibyte that stands for nearly a gigabyte.
    @Test func aBombIsNotInflated() async throws {
        let block = try GoldenMessages().blockOfZeros()
        let count = (1 << 20 - 2) / block.count
        #expect(count > 900)
        let bomb = [0x78, 0xda] + Array(repeatElement(block, count: count).joined())
        #expect(bomb.withUnsafeBytes { Deflate.decompress($0, count: 1 << 20) } == nil)
        try await Self.withRawDialer(.tcp) { raw in
            let growth = try await MemoryGrowth.during {
                for call in stride(from: UInt64(1), to: 20, by: 2) {
                    let announced: UInt32 = call % 4 == 1 ? 1 << 20 : 1 << 30
                    let head = ZRPCallHead(method: Self.unary, uncompressedBytes: announced)
                    await raw.send(FrameHeader(.request, call: call, flags: 3), try head.encoded(), bomb)
                    let code = try await raw.nextStatus()?.code
                    #expect(code == (call % 4 == 1 ? .dataLoss : .resourceExhausted))
                }
            }
            // Other tests of the process grow too, but not by what one bomb holds.
            #expect(growth < 768 << 20, "\(growth >> 20) MiB")
        }
    }

    /// Two sessions of one process: the answer that one of them was given compressed, the other one can read too.
    @Test func aKeptAnswerIsReadableByWhoAsksAgainWithoutCompression() async throws {
        var configuration = EndpointConfiguration()
        configuration.compressesBodies = true
        let text = String(repeating: "again and ", count: 300)
        try await Pair.with(.memory, serverConfiguration: configuration) { pair in
            for algorithms in [["zlib"], [], ["zlib"]] {
                let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
                try await raw.say(
                    ZRPHello(versionMin: 1, versionMax: 1, peer: "twin", bootID: 7, compression: algorithms))
                #expect(await raw.next(.welcome) != nil)
                var head = ZRPCallHead(method: Self.unary, idempotencyKey: [1])
                head.metadata = [ZRPMeta(key: "x-count", value: Array("kept".utf8))]
                let body = try EchoRequest(text: text).encoded()
                await raw.send(FrameHeader(.request, call: 1, flags: 1), try head.encoded(), body)
                let reply = try #require(await raw.next(.message)).map { $0.withUnsafeBytes { Array($0) } }
                guard case .header(let header) = FrameHeader.read(.bytes(reply[0])) else { return }
                let announced = Int(try ZRPMessageHead(decoding: reply[1]).uncompressedBytes)
                #expect(header.isCompressed == !algorithms.isEmpty && (announced > 0) == header.isCompressed)
                let plain =
                    announced > 0 ? reply[2].withUnsafeBytes { Deflate.decompress($0, count: announced) } : reply[2]
                #expect(try EchoResponse(decoding: try #require(plain)).text == text)
                let status = try #require(try await raw.nextStatus())
                #expect(status.code == .ok && status.trailers["x-executions"] == "1", "it ran once")
                await raw.vanish()
            }
        }
    }

    // MARK: Checksums

    /// A checksum, the bytes that travel with it, and how the call ends.
    private static let attachments: [(name: String, checksum: UInt32, bytes: [UInt8], code: RPCStatus.Code)] = {
        let bytes = (0..<2500).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let checksum = ByteBuffer(copying: bytes).crc32c
        var changed = bytes
        changed[2499] ^= 0x80
        return [
            ("the right one", checksum, bytes, .ok), ("none", 0, bytes, .ok), ("none, whatever comes", 0, changed, .ok),
            ("another", checksum ^ 1, bytes, .dataLoss), ("a changed bit", checksum, changed, .dataLoss),
        ]
    }()

    /// A message with an attachment: its own frames, and those of the chunks of 1024 bytes.
    private static func frames(
        _ kind: FrameKind, _ call: UInt64, _ checksum: UInt32, _ bytes: [UInt8], chunked: Bool
    ) throws -> [[[UInt8]]] {
        let attachment = ZRPAttachment(size: UInt64(bytes.count), chunked: chunked, crc32c: checksum, name: "latents")
        let head =
            kind == .request
            ? try ZRPCallHead(method: unary, attachments: [attachment]).encoded()
            : try ZRPMessageHead(attachments: [attachment]).encoded()
        let header = FrameHeader(kind, call: call, flags: 1, attachments: chunked ? 0 : 1)
        guard chunked else { return [[header.encoded(), head, [], bytes]] }
        return [[header.encoded(), head, []]]
            + stride(from: 0, to: bytes.count, by: 1024).map { start in
                let chunk = FrameHeader(.chunk, call: call, sequence: UInt32(start / 1024))
                return [chunk.encoded(), Array(bytes[start..<min(start + 1024, bytes.count)])]
            }
    }

    @Test(arguments: networks, [false, true])
    func anAttachmentOfARequestHasItsChecksum(network: Network, chunked: Bool) async throws {
        try await Self.withRawDialer(network, ZRPHello(limits: ZRPLimits(chunkBytes: 1024))) { raw in
            try await Self.checkAttachments(raw, chunked: chunked)
        }
    }

    /// Sends every attachment to a server, from a call id on.
    private static func checkAttachments(_ raw: RawPeer, from first: UInt64 = 1, chunked: Bool) async throws {
        for (index, item) in attachments.enumerated() {
            let call = first + UInt64(2 * index)
            for frames in try frames(.request, call, item.checksum, item.bytes, chunked: chunked) {
                await raw.send(frames)
            }
            let status = try await raw.nextStatus()
            #expect(status?.code == item.code, "\(item.name)")
            if item.code != .ok { #expect(status?.message.contains("'latents'") == true) }
        }
    }

    @Test(arguments: networks, [false, true])
    func anAttachmentOfAReplyHasItsChecksum(network: Network, chunked: Bool) async throws {
        try await Self.withRawListener(network, ZRPWelcome(limits: ZRPLimits(chunkBytes: 1024))) { raw, session in
            for item in Self.attachments {
                let call = Task {
                    let reply = try await EchoClient(session).unary(EchoRequest())
                    #expect(try reply.attachments.named("latents").bytes == ByteBuffer(copying: item.bytes))
                }
                let id = try await Self.asked(raw)
                for frames in try Self.frames(.message, id, item.checksum, item.bytes, chunked: chunked) {
                    await raw.send(frames)
                }
                await raw.send(FrameHeader(.status, call: id))
                #expect(await Self.outcome(call) == item.code, "\(item.name)")
            }
            #expect(await session.isOpen)
        }
    }
}
