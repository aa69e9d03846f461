import Messaging
import RPC
import Testing
import Wire

@Suite("The contract against garbage, over every transport", .timeLimit(.minutes(1)))
struct GarbageContractTests {
    /// Messages that no honest peer sends, before and after HELLO.
    static let garbage: [(name: String, frames: [[UInt8]])] = [
        ("nothing", [[]]),
        ("a short header", [[0x5A, 0x52, 1, 1]]),
        ("a long header", [FrameHeader(.ping).encoded() + [0]]),
        ("a wrong magic", [changed(FrameHeader(.ping), 0, 0x00)]),
        ("another version", [changed(FrameHeader(.ping), 2, 9)]),
        ("an unknown kind", [changed(FrameHeader(.ping), 3, 99)]),
        ("attachments that are not there", [FrameHeader(.request, call: 1, attachments: 3).encoded(), [], []]),
        ("attachments nobody announced", [FrameHeader(.request, call: 1, attachments: 1).encoded(), [], [], [1]]),
        ("a head that is no protobuf", [FrameHeader(.request, call: 1).encoded(), [0xff, 0xff, 0xff], []]),
        ("a head with a NUL in its text", [FrameHeader(.request, call: 1).encoded(), [0x0a, 3, 65, 0, 66], []]),
        ("a head whose text is not UTF-8", [FrameHeader(.request, call: 1).encoded(), [0x0a, 2, 0xc3, 0x28], []]),
        ("a head with a group", [FrameHeader(.goAway).encoded(), [0xa3, 6, 0xa4, 6]]),
        (
            "a head of more than 64 KiB",
            [
                FrameHeader(.request, call: 1).encoded(),
                WireSmith.delimited(5, [UInt8](repeating: 1, count: 64 << 10)), [],
            ]
        ),
        ("HELLO of three frames", [FrameHeader(.hello).encoded(), [8, 1, 16, 1], []]),
        ("an even call id", [FrameHeader(.request, call: 2).encoded(), [], []]),
        ("call 0", [FrameHeader(.request, call: 0).encoded(), [], []]),
        ("a message for nobody", [FrameHeader(.message, call: 77).encoded(), [], [1]]),
        ("a chunk of nothing", [FrameHeader(.chunk, call: 77).encoded(), [1, 2, 3]]),
        ("a status of nothing", [FrameHeader(.status, call: 76).encoded()]),
        ("credit never spent", [FrameHeader(.credit, auxiliary: 1 << 31).encoded()]),
        ("WELCOME from a dialer", [FrameHeader(.welcome).encoded(), []]),
        ("seventeen frames", Array(repeating: FrameHeader(.ping).encoded(), count: 17)),
        ("forty frames", Array(repeating: [1], count: 40)),
        ("a credit with a body", [FrameHeader(.credit).encoded(), [], []]),
    ]

    static func changed(_ header: FrameHeader, _ index: Int, _ byte: UInt8) -> [UInt8] {
        var bytes = header.encoded()
        bytes[index] = byte
        return bytes
    }

    @Test(arguments: Network.allCases)
    func garbageEndsItsOwnSessionOnly(network: Network) async throws {
        try await Pair.with(network) { pair in
            for (name, frames) in Self.garbage {
                for saysHello in [false, true] {
                    let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
                    if saysHello {
                        try await raw.sayHello()
                        #expect(await raw.next(.welcome) != nil)
                    }
                    await raw.send(frames)
                    #expect(await raw.next(.reset) != nil, "\(name), \(saysHello ? "after" : "before") HELLO")
                    await raw.vanish()
                    let reply = try await pair.echo.unary(EchoRequest(text: name))
                    #expect(reply.message.text == name)
                }
            }
        }
    }

    @Test(arguments: Network.allCases)
    func aCallBeforeHelloIsNotServed(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            let head = try ZRPCallHead(method: "atelier.echo.Echo/ServerStream").encoded()
            await raw.send(FrameHeader(.request, call: 1, flags: 1), head, try EchoRequest(number: 1).encoded())
            #expect(await raw.next(.reset) != nil)
            #expect(echo.journal.count("sent") == 0)
            await raw.vanish()
        }
    }

    @Test(arguments: Network.allCases)
    func randomBytesEndTheirOwnSessionOnly(network: Network) async throws {
        try await Pair.with(network) { pair in
            var generator = SeededGenerator(state: 1)
            for _ in 0..<60 {
                let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
                try await raw.sayHello()
                for _ in 0..<20 {
                    var frames = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                        (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                            UInt8.random(in: 0...255, using: &generator)
                        }
                    }
                    if Bool.random(using: &generator) {
                        // A plausible header, so that the rest is looked at.
                        var header = FrameHeader(
                            .request, call: .random(in: 0...9, using: &generator),
                            attachments: .random(in: 0...3, using: &generator)
                        ).encoded()
                        header[3] = .random(in: 1...32, using: &generator)
                        frames[0] = header
                    }
                    await raw.send(frames)
                }
                await raw.vanish()
            }
            let reply = try await pair.echo.unary(EchoRequest(text: "alive"))
            #expect(reply.message.text == "alive")
        }
    }

    @Test(arguments: Network.allCases)
    func anAnnouncedAttachmentThatNeverComesEndsWithTheDeadline(network: Network) async throws {
        try await Pair.with(network) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            let head = ZRPCallHead(
                method: "atelier.echo.Echo/Unary", timeoutUs: 50_000,
                attachments: [ZRPAttachment(size: 64 << 20, chunked: true)])
            await raw.send(FrameHeader(.request, call: 1, flags: 1), try head.encoded(), [])
            let status = try #require(await raw.next(.status))
            guard case .header(let header) = FrameHeader.read(status[0]) else { return }
            #expect(header.auxiliary == RPCStatus.Code.deadlineExceeded.number)
            // More than the limit is refused before anything is allocated.
            let huge = ZRPCallHead(
                method: "atelier.echo.Echo/Unary", attachments: [ZRPAttachment(size: 1 << 60, chunked: true)])
            await raw.send(FrameHeader(.request, call: 3, flags: 1), try huge.encoded(), [])
            let refusal = try #require(await raw.next(.status))
            guard case .header(let header) = FrameHeader.read(refusal[0]) else { return }
            #expect(header.auxiliary == RPCStatus.Code.resourceExhausted.number)
            await raw.vanish()
        }
    }

    @Test(arguments: Network.allCases)
    func aBodyThatIsNotItsMessageIsAnInvalidArgument(network: Network) async throws {
        try await Pair.with(network) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            let head = try ZRPCallHead(method: "atelier.echo.Echo/Unary").encoded()
            let bodies: [[UInt8]] = [
                [0xff], [0x0a, 5, 65], [0x0a, 1, 0xff], [0x0a, 2, 65, 0], [0x0b], [0x0a, 1, 0],
            ]
            for (index, body) in bodies.enumerated() {
                await raw.send(FrameHeader(.request, call: UInt64(2 * index + 1), flags: 1), head, body)
                let status = try #require(await raw.next(.status))
                guard case .header(let header) = FrameHeader.read(status[0]) else { return }
                #expect(header.auxiliary == RPCStatus.Code.invalidArgument.number, "\(body)")
            }
            await raw.vanish()
        }
    }

    @Test func anotherVersionOfTheProtocolIsRefusedWithTheReason() async throws {
        try await Pair.with(.tcp) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            await raw.send(FrameHeader(.hello), try ZRPHello(versionMin: 2, versionMax: 3).encoded())
            let status = try #require(await raw.next(.status))
            let head = try ZRPCallStatus(decoding: status[1].withUnsafeBytes { Array($0) })
            #expect(head.text == "this end speaks ZRP/1, the peer 2 to 3")
            await raw.vanish()
        }
    }
}
