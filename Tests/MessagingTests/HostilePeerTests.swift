import Foundation
import Messaging
import RPC
import Testing
import Wire

/// Peers that mean harm, over real sockets: each is refused or cut off, and nobody else notices.
@Suite("Hostile peers", .serialized, .timeLimit(.minutes(2)))
struct HostilePeerTests {
    /// What a client that holds no key may send after it has connected.
    static let greetings: [(name: String, bytes: [UInt8])] = [
        ("an HTTP request", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        ("ZMTP 1.0", [1, 0] + Array(repeatElement([6, 0] + Array("hello".utf8), count: 50).joined())),
        ("ZMTP 2.0", signature + [1, 5, 0, 0] + [0, 5] + Array("hello".utf8)),
        ("ZMTP 3 without keys", greeting("NULL") + [4, 38] + Array("\u{05}READY\u{0b}Socket-Type".utf8)),
        ("a frame of a terabyte", greeting("CURVE") + [6, 0, 0, 1, 0, 0, 0, 0, 0]),
        ("a CURVE command that is nonsense", greeting("CURVE") + [4, 200, 5] + Array(repeatElement(7, count: 199))),
        ("TLS", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3] + Array(repeatElement(0xaa, count: 500))),
    ]

    static let signature: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]

    static func greeting(_ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return signature + [3, 0] + name + [UInt8](repeating: 0, count: 20 - name.count + 32)
    }

    @Test func whoeverHoldsNoKeyIsHungUpOnAndReachesNobody() async throws {
        let stage = try await SecurityTests.Stage()
        let port = RawConnection.port(of: stage.listener.address)
        var generator = SeededGenerator(state: 7)
        let noise = (0..<20).map { number in
            ("noise \(number)", (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        // Slow ones: they connect and send next to nothing.
        let slow = (0..<100).map { ("slow \($0)", $0 % 2 == 0 ? [] : Array(Self.signature.prefix($0 % 10))) }
        let client = try stage.client(stage.friend)
        let session = try await client.dial(stage.listener.address)
        await withTaskGroup(of: (String, Bool).self) { group in
            for (name, bytes) in Self.greetings + noise + slow {
                guard let connection = try? RawConnection(port: port) else { continue }
                connection.send(bytes)
                group.addTask {
                    // libzmq gives a handshake five seconds.
                    let isHungUp = await Self.offThePool { connection.isHungUp(within: 20) }
                    return (name, isHungUp)
                }
            }
            for await (name, isHungUp) in group { #expect(isHungUp, "\(name)") }
        }
        #expect(try await EchoClient(session).unary(EchoRequest(text: "calm")).message.text == "calm")
        #expect(stage.listener.sessions.count == 1)
        await client.close()
        await stage.server.close()
    }

    /// Blocking reads of a hundred connections must not hold the tasks' threads.
    private static func offThePool<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }

    /// What a peer with a key may send once its session is open.
    enum Attack: String, CaseIterable, CustomTestStringConvertible {
        case endlessMessage, millionTinyFrames, millionTinyMessages, oversizeFrame, creditOverrun, silence

        var testDescription: String { rawValue }

        /// Why the listener ends the session: one of these.
        var reasons: [String] {
            switch self {
            case .endlessMessage: ["a message without an end"]
            // They are two megabytes only, and may have come to their end before anybody looks.
            case .millionTinyFrames: ["a message without an end", "more frames than a message may have"]
            case .millionTinyMessages: ["messages without a purpose"]
            case .oversizeFrame: ["closed the connection"]
            case .creditOverrun: ["credit"]
            case .silence: []
            }
        }

        /// Goes on until the peer is cut off.
        func run(_ peer: RawPeer) async throws {
            switch self {
            case .endlessMessage:
                // Two gigabytes, of which every frame is the same buffer.
                let buffer = ByteBuffer(count: 1 << 20) { _ in }
                await peer.send(Array(repeatElement(.buffer(buffer, 0..<buffer.count), count: 2000)) as [Frame])
            case .millionTinyFrames:
                await peer.send(Array(repeatElement(.bytes([1]), count: 1_000_000)) as [Frame])
            case .millionTinyMessages:
                for turn in 1...1000 as ClosedRange<UInt32> where !peer.hasEnded {
                    await peer.repeatedly([FrameHeader(.ping).encoded()], 999)
                    await peer.send(FrameHeader(.ping, sequence: turn))
                    while let pong = await peer.next(.pong) {
                        if case .header(let header) = FrameHeader.read(pong[0]), header.sequence == turn { break }
                    }
                }
            case .oversizeFrame: await peer.send([FrameHeader(.ping).encoded(), [UInt8](repeating: 0, count: 5 << 20)])
            case .creditOverrun:
                // The other end answers with what it was sent, which this one never reads.
                let call = try ZRPCallHead(method: "atelier.echo.Echo/Bidirectional").encoded()
                await peer.send(FrameHeader(.request, call: 1), call)
                let bytes = [UInt8](repeating: 0, count: 1 << 20)
                let head = try ZRPMessageHead(attachments: [ZRPAttachment(size: 1 << 20)]).encoded()
                for number in 0..<100 where !peer.hasEnded {
                    let header = FrameHeader(.message, call: 1, attachments: 1, sequence: UInt32(number))
                    await peer.send(header, head, [], bytes)
                }
            case .silence: break
            }
        }
    }

    /// What an attack has cost the others.
    private struct Harm {
        let calm: Duration
        let attacked: Duration
        let growth: Int

        /// Nobody waits for longer than two turns of the reactor may last, and the memory of the attacker, who is in the same process,
        /// is among the growth.
        var isBearable: Bool { attacked < calm * 5 + Self.twoTurns && growth < 384 << 20 }

        /// A sanitizer makes everything several times slower (`deploy/task sanitize`).
        private static let twoTurns = Duration.milliseconds(
            ProcessInfo.processInfo.environment["ATELIER_SANITIZER"] == nil ? 100 : 500)
    }

    /// Other tests work on the same processors and in the same memory: only harm that is seen three times is the attacker's.
    @Test(arguments: Attack.allCases)
    func aPeerWithAKeyIsCutOffAndNobodyElseIsHarmed(attack: Attack) async throws {
        var harm: [Harm] = []
        while harm.count < 3, harm.last?.isBearable != true { harm.append(try await self.harm(of: attack)) }
        for harm in harm {
            print("\(attack.rawValue): p99 \(harm.attacked) of \(harm.calm), \(harm.growth >> 20) MiB")
        }
        #expect(harm.last?.isBearable == true, "\(attack.rawValue): \(harm)")
    }

    private func harm(of attack: Attack) async throws -> Harm {
        let stage = try await SecurityTests.Stage(banDuration: .seconds(60))
        let bystander = try stage.client(stage.guest)
        let session = try await bystander.dial(stage.listener.address)
        let witness = Bystander(echo: EchoClient(session))
        let calm = try await witness.percentile99 { try await Task.sleep(for: .milliseconds(300)) }
        let peer = try await RawPeer.dial(stage.listener.address, stage.ring.dialling(stage.friend))
        var hostile: Session?
        if attack != .silence {
            try await peer.sayHello()
            #expect(await peer.next(.welcome) != nil)
            hostile = stage.listener.sessions.first { $0.peer.identity?.name == "fred" }
        }
        var attacked = Duration.zero
        let growth = try await MemoryGrowth.during {
            attacked = try await witness.percentile99 {
                try await attack.run(peer)
                await peer.untilEnded()
            }
        }
        if let reason = await hostile?.closed.message {
            #expect(
                attack.reasons.contains(where: reason.contains) || attack == .silence, "\(attack.rawValue): \(reason)")
        }
        if attack != .silence, attack != .oversizeFrame {
            let back = try stage.client(stage.friend)
            let status = await #expect(throws: RPCStatus.self) { try await back.dial(stage.listener.address) }
            #expect(status?.code == .unavailable, "who broke the protocol stays out for a while")
            await back.close()
        }
        #expect(await session.isOpen)
        await peer.vanish()
        await bystander.close()
        await stage.server.close()
        return Harm(calm: calm, attacked: attacked, growth: growth)
    }
}
