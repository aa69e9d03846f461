import Foundation
import RPC
import Synchronization
import Testing
import Wire

@testable import Messaging

@Suite("Keys, over real sockets", .timeLimit(.minutes(1)))
struct SecurityTests {
    static let permissions = Permissions([
        .init("server", serves: ["atelier.echo.*"]),
        .init("friend", calls: ["atelier.echo.Echo/*"], serves: ["atelier.echo.Echo"]),
        .init("guest", calls: ["atelier.echo.Echo/Un*"]),
    ])

    /// A server that knows a friend and a guest.
    struct Stage {
        let friend: KeyPair
        let guest: KeyPair
        let ring: KeyRing
        let server: Endpoint
        let listener: Listener
        let echo = EchoImplementation()

        init(_ address: String = "tcp://127.0.0.1:0", banDuration: Duration = .zero) async throws {
            friend = try KeyPair.generate()
            guest = try KeyPair.generate()
            ring = try KeyRing([("fred", "friend", friend), ("gwen", "guest", guest)])
            var configuration = EndpointConfiguration()
            configuration.permissions = SecurityTests.permissions
            server = try Endpoint(
                name: "server", role: "server", transport: ring.listening(banDuration: banDuration),
                configuration: configuration)
            listener = try await server.listen(address, services: [.echo(echo)])
        }

        func client(_ keys: KeyPair) throws -> Endpoint {
            try Endpoint(name: "client", role: "friend", transport: ring.dialling(keys))
        }
    }

    @Test(arguments: [Network.tcp, .ipc])
    func aKeyOnTheListComesInAndIsWhoTheListSays(network: Network) async throws {
        let stage = try await Stage(network.make().address)
        #expect(stage.listener.address.hasSuffix("#\(stage.ring.server.publicKey.hexadecimal)"))
        let client = try stage.client(stage.friend)
        let session = try await client.dial(stage.listener.address)
        #expect(try await EchoClient(session).unary(EchoRequest(text: "hello")).message.text == "hello")
        let seen = try #require(stage.listener.sessions.first)
        #expect(seen.peer.identity == PeerIdentity(name: "fred", role: "friend", key: stage.friend.publicKey))
        #expect(session.peer.identity?.key == stage.ring.server.publicKey)
        await client.close()
        await stage.server.close()
    }

    @Test func anUnknownKeyIsRefusedAndDoesNotTryAgain() async throws {
        let stage = try await Stage()
        let client = try stage.client(try KeyPair.generate())
        let options = CallOptions(timeout: .seconds(20), waitForReady: true)
        let status = await #expect(throws: RPCStatus.self) {
            try await EchoClient(client.channel(stage.listener.address)).unary(EchoRequest(), options: options)
        }
        #expect(status?.code == .unauthenticated)
        #expect(status?.message.contains("refused our key") == true, "\(status?.message ?? "")")
        await client.close()
        await stage.server.close()
    }

    @Test func aPlainPeerIsRefusedAndAStrangerCannotPassForTheServer() async throws {
        let stage = try await Stage()
        let plain = stage.listener.address.prefix { $0 != "#" }
        let client = try Endpoint(name: "plain")
        let refusal = await #expect(throws: RPCStatus.self) { try await client.dial(String(plain)) }
        #expect(refusal?.code == .unavailable)
        #expect(refusal?.message.contains("demands keys") == true, "\(refusal?.message ?? "")")
        let keyless = await #expect(throws: RPCStatus.self) { try await client.dial(stage.listener.address) }
        #expect(keyless?.message.contains("--keys") == true)
        await client.close()
        // The same address with another key in it: whoever is there does not hold it.
        let other = try KeyPair.generate().publicKey.hexadecimal
        let careful = try stage.client(stage.friend)
        let mistaken = await #expect(throws: RPCStatus.self) { try await careful.dial("\(plain)#\(other)") }
        #expect(mistaken?.message.contains("does not hold the key") == true, "\(mistaken?.message ?? "")")
        let unnamed = await #expect(throws: RPCStatus.self) { try await careful.dial(String(plain)) }
        #expect(unnamed?.message.contains("knows no key of this listener") == true)
        await careful.close()
        await stage.server.close()
    }

    @Test func aRevokedKeyLosesItsSessionsAndANewOneComesInAtOnce() async throws {
        let stage = try await Stage()
        let (fred, gwen) = (try stage.client(stage.friend), try stage.client(stage.guest))
        let (friend, guest) = (try await fred.dial(stage.listener.address), try await gwen.dial(stage.listener.address))
        let stream = try await EchoClient(friend).serverStream(EchoRequest(number: 1, delayUs: 1))
        for try await _ in stream {}
        let newcomer = try KeyPair.generate()
        try stage.ring.allow([("gwen", "guest", stage.guest), ("nina", "friend", newcomer)])
        let nina = try stage.client(newcomer)
        #expect(try await nina.dial(stage.listener.address).peer.name == "server")
        #expect(await friend.closed.code == .unavailable)
        let status = await #expect(throws: RPCStatus.self) { try await fred.dial(stage.listener.address) }
        #expect(status?.code == .unauthenticated)
        #expect(try await EchoClient(guest).unary(EchoRequest(text: "still")).message.text == "still")
        for client in [fred, gwen, nina] { await client.close() }
        await stage.server.close()
    }

    /// As a learner dials reward services: whoever has the list looks at it for both directions.
    @Test func aListenerWhoseKeyIsRevokedLosesItsSessionsAndIsNotDialledAgain() async throws {
        let stage = try await Stage()
        let everybody = [("fred", "friend", stage.friend), ("ocr", "server", stage.ring.server)]
        try stage.ring.allow(everybody)
        let authenticator = try Authenticator(file: stage.ring.file.path)
        var configuration = EndpointConfiguration()
        configuration.permissions = Self.permissions
        let client = try Endpoint(
            name: "client", role: "friend",
            transport: ZeroMQTransport(
                security: TransportSecurity(keys: stage.friend, authenticator: authenticator)),
            configuration: configuration)
        let session = try await client.dial(stage.listener.address)
        #expect(session.peer.identity?.name == "ocr")
        try stage.ring.allow([("fred", "friend", stage.friend)])
        #expect(await session.closed.message == "the key of ocr was revoked")
        let status = await #expect(throws: RPCStatus.self) { try await client.dial(stage.listener.address) }
        #expect(status?.code == .unauthenticated)
        #expect(status?.message.contains("the key of this listener was revoked") == true, "\(status?.message ?? "")")
        try stage.ring.allow(everybody)
        #expect(
            try await EchoClient(client.dial(stage.listener.address)).unary(EchoRequest(text: "back")).message.text
                == "back")
        await client.close()
        await stage.server.close()
    }

    @Test func aListThatCannotBeReadStaysAsItWas() async throws {
        let stage = try await Stage()
        try Data("fred friend nonsense\n".utf8).write(to: stage.ring.file, options: .atomic)
        stage.ring.authenticator.refresh()
        #expect(stage.ring.authenticator.holder(of: stage.friend.publicKey)?.name == "fred")
        try FileManager.default.removeItem(at: stage.ring.file)
        stage.ring.authenticator.refresh()
        #expect(stage.ring.authenticator.holder(of: stage.friend.publicKey)?.name == "fred")
        await stage.server.close()
    }

    @Test func aRoleMayCallAndServeWhatTheTableSays() async throws {
        let stage = try await Stage()
        let client = try stage.client(stage.guest)
        let echo = EchoClient(try await client.dial(stage.listener.address))
        #expect(try await echo.unary(EchoRequest(text: "may")).message.text == "may")
        let status = await #expect(throws: RPCStatus.self) {
            for try await _ in try await echo.serverStream(EchoRequest(number: 1)) {}
        }
        #expect(status?.code == .permissionDenied)
        #expect(
            status?.message == "atelier.echo.Echo/ServerStream: gwen, whose role is guest, may not call it",
            "\(status?.message ?? "")")
        #expect(stage.echo.journal.count("sent") == 0)
        // The server calls back on the sessions that it was dialled on.
        let session = try #require(stage.listener.sessions.first { $0.peer.identity?.name == "gwen" })
        let back = await #expect(throws: RPCStatus.self) { try await EchoClient(session).unary(EchoRequest()) }
        #expect(back?.message.contains("may not serve it") == true, "\(back?.message ?? "")")
        await client.close()
        let listening = await #expect(throws: RPCStatus.self) {
            try await stage.server.listen("tcp://127.0.0.1:0", services: [.init(name: "other.Service", handlers: [])])
        }
        #expect(listening?.message == "other.Service: the role server may not serve it")
        await stage.server.close()
    }

    @Test func aPeerThatBreaksTheProtocolStaysOutForAWhile() async throws {
        let stage = try await Stage(banDuration: .seconds(60))
        let raw = try await RawPeer.dial(stage.listener.address, stage.ring.dialling(stage.friend))
        await raw.send([[1, 2, 3]])
        #expect(await raw.next(.reset) != nil)
        let client = try stage.client(stage.friend)
        let status = await #expect(throws: RPCStatus.self) { try await client.dial(stage.listener.address) }
        #expect(status?.code == .unavailable, "a ban ends, so that trying again makes sense")
        // Others are not meant.
        let guest = try stage.client(stage.guest)
        #expect(try await guest.dial(stage.listener.address).peer.name == "server")
        await raw.vanish()
        for endpoint in [client, guest, stage.server] { await endpoint.close() }
    }

    @Test func aBanIsForAKeyAtAnAddressAndEnds() async throws {
        let keys = try KeyPair.generate().publicKey
        var allowed = AllowList()
        try allowed.add(PeerIdentity(name: "fred", role: "friend", key: keys))
        let authenticator = Authenticator(allowed)
        authenticator.ban(keys, at: "10.0.0.1", for: .seconds(60))
        #expect(authenticator.decide(keys, at: "10.0.0.1") == .banned)
        #expect(authenticator.decide(keys, at: "10.0.0.2") != .banned)
        authenticator.ban(keys, at: "10.0.0.1", for: .nanoseconds(1))
        #expect(authenticator.decide(keys, at: "10.0.0.1") != .banned)
    }

    /// Who is refused dials again and again, and keys cost nothing.
    @Test func refusalsDoNotFillTheLog() throws {
        let ring = try KeyRing([])
        let lines = Mutex<[String]>([])
        let authenticator = try Authenticator(file: ring.file.path) { line in lines.withLock { $0.append(line) } }
        let stranger = try KeyPair.generate().publicKey
        for _ in 0..<50 { #expect(authenticator.decide(stranger, at: "10.0.0.1") == .refused) }
        #expect(
            lines.withLock(\.self) == ["refused a connection from 10.0.0.1: its key \(stranger) is not on the list"])
        _ = authenticator.decide(stranger, at: "10.0.0.2")
        #expect(lines.withLock(\.count) == 2)
        for _ in 0..<300 { _ = authenticator.decide(try KeyPair.generate().publicKey, at: "10.0.0.1") }
        #expect(lines.withLock(\.count) == 100)
    }

    @Test func aPublicAddressCanBeBoundWithKeysOnly() async throws {
        let stage = try await Stage("tcp://0.0.0.0:0")
        let port = try #require(stage.listener.address.split(separator: "#")[0].split(separator: ":").last)
        let client = try stage.client(stage.friend)
        let key = stage.ring.server.publicKey.hexadecimal
        #expect(try await client.dial("tcp://127.0.0.1:\(port)#\(key)").peer.name == "server")
        await client.close()
        await stage.server.close()
    }

    @Test func theRefusalOfStrangersIsTestedBeforeASocketIsBound() throws {
        try RefusalTest().run()
        // A list that lets everybody in, as far as the test can tell: the stranger's key is asked for and admitted.
        var broken = RefusalTest()
        broken.admitsEverybody = true
        let error = #expect(throws: MessagingError.self) { try broken.run() }
        #expect(error?.code == .insecure)
        #expect(error?.description.contains("lets strangers in") == true)
        // A listener that forgot to demand keys.
        var open = RefusalTest()
        open.guardListener = { _, _, _ in }
        let plain = #expect(throws: MessagingError.self) { try open.run() }
        #expect(plain?.description.contains("lets peers in that prove no key") == true)
        // No domain at the handler: libzmq would let everybody in without option 93; here nobody comes in at all.
        var absent = RefusalTest()
        absent.open = { _, _ in "nobody" }
        let other = #expect(throws: MessagingError.self) { try absent.run() }
        #expect(other?.description.contains("refuses a key that is on its list") == true)
    }

    /// Each handshake costs both ends some curve arithmetic; a restarted coordinator gets all of them at once.
    ///
    /// A thousand take two seconds on two cores, and all other tests' sockets share the thread: see Tests/Benchmarks/RESULTS.md.
    @Test func manySessionsOpenAtOnce() async throws {
        let (total, endpoints) = (100, 10)
        let stage = try await Stage()
        let clients = try (0..<endpoints).map { _ in try stage.client(stage.friend) }
        let address = stage.listener.address
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients {
                for _ in 0..<(total / endpoints) { group.addTask { _ = try await client.dial(address) } }
            }
            try await group.waitForAll()
        }
        let time = ContinuousClock.now - start
        #expect(time < .seconds(10), "\(time)")
        #expect(stage.listener.sessions.count == total)
        for client in clients { await client.close() }
        await stage.server.close()
    }

    @Test func secretsAreNeverPrinted() throws {
        let keys = try KeyPair.generate()
        var dumped = ""
        dump(TransportSecurity(keys: keys), to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), "\(TransportSecurity(keys: keys))", dumped] {
            #expect(!text.contains(keys.secretText))
        }
        #expect(PublicKey(z85: keys.publicKey.z85) == keys.publicKey)
        #expect(PublicKey(hexadecimal: keys.publicKey.hexadecimal) == keys.publicKey)
        let again = try KeyPair(publicText: keys.publicKey.z85, secretText: keys.secretText)
        #expect(again.publicKey == keys.publicKey)
        #expect(throws: KeyError.self) {
            try KeyPair(publicText: KeyPair.generate().publicKey.z85, secretText: keys.secretText)
        }
    }

    @Test func filesThatOthersCanTouchAreNotTrusted() throws {
        let ring = try KeyRing([])
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: ring.file.path)
        let error = #expect(throws: KeyError.self) { try Authenticator(file: ring.file.path) }
        #expect(error?.description == "others can change \(ring.file.path): run `chmod 644 \(ring.file.path)`")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: ring.file.path)
        _ = try Authenticator(file: ring.file.path)
        #expect(throws: KeyError.self) { try GuardedFile.text(ring.file.path, secret: true) }
    }

    @Test(arguments: [
        ("one two", "line 1: not of the form"), ("# fine\n\nfred friend short", "line 3: the key of fred"),
        ("fr/ed friend \(String(repeating: "0", count: 40))", "'fr/ed' is not a name"),
        (
            "a b \(String(repeating: "0", count: 40))\nc d \(String(repeating: "0", count: 40))",
            "line 2: the key of c is on the list already"
        ),
    ])
    func aWrongListIsRefusedWithItsLine(text: String, reason: String) {
        let error = #expect(throws: KeyError.self) { try AllowList(text: text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("a.b.C/D", "a.b.C/D", true), ("a.b.C/D", "a.b.C/*", true), ("a.b.C/D", "*", true), ("a.b.C/D", "a.*/D", true),
        ("a.b.C/D", "a.b.C", false), ("a.b.C/DE", "a.b.C/D", false), ("a.b.C/D", "*/E*", false), ("", "*", true),
        ("aXbXc", "a*b*c", true), ("abab", "*ab", true), ("a", "", false),
    ])
    func globs(name: String, glob: String, matches: Bool) {
        let permissions = Permissions([.init("role", calls: [glob])])
        #expect(permissions.mayCall(name, as: "role") == matches)
        #expect(!permissions.mayCall(name, as: "another"))
        #expect(!permissions.mayServe(name, as: "role"))
    }
}
