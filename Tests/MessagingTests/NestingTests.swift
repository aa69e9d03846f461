import CWire
import RPC
import Testing
import Wire

@testable import Messaging

/// How deep and how large a message may be, to the byte.
///
/// None of our messages contains itself, so the one of this test is the descriptor of messages, which the generator reads.
@Suite("The limits of a message", .timeLimit(.minutes(1)))
struct NestingTests {
    /// `zrp.descriptor.Message`, as far as it contains itself.
    private struct Nest: WireMessage {
        var name = ""
        var inner: [Nest] = []

        static let wireDescriptor: WireDescriptor = {
            var message = Zrp__Descriptor__Message()
            zrp__descriptor__message__init(&message)
            return WireDescriptor(message.base.descriptor)
        }()

        init() {}

        /// So many levels, the outermost counted.
        init(levels: Int) {
            name = "level \(levels)"
            if levels > 1 { inner = [Nest(levels: levels - 1)] }
        }

        init(wire: UnsafeRawPointer) {
            let c = wire.assumingMemoryBound(to: Zrp__Descriptor__Message.self).pointee
            name = WireValue.string(c.name)
            inner = WireValue.messages(c.nested_type, c.n_nested_type)
        }

        func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
            let c = wire.assumingMemoryBound(to: Zrp__Descriptor__Message.self)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            c.pointee.n_nested_type = inner.count
            c.pointee.nested_type = arena.array(
                inner.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Descriptor__Message.self)) })
        }
    }

    private static let mirror = Method<Nest, Nest>(
        service: "test.Nesting", name: "Mirror", kind: .unary, idempotency: .unknown)
    /// Answers with so many levels as the request's name says.
    private static let builder = Method<Nest, Nest>(
        service: "test.Nesting", name: "Build", kind: .unary, idempotency: .unknown)
    private static let service = ServiceDefinition(
        name: "test.Nesting",
        handlers: [
            MethodHandler(unary: mirror) { request, _ in Reply(request) },
            MethodHandler(unary: builder) { request, _ in Reply(Nest(levels: Int(request.name) ?? 0)) },
        ])

    @Test func thirtyTwoLevelsPassAndNoMore() throws {
        #expect(WireCheck().maximumDepth == 32)
        for levels in [1, 31, 32] {
            let nest = Nest(levels: levels)
            #expect(try Nest(decoding: nest.encoded()) == nest)
        }
        for levels in [33, 34, 100] {
            let error = try #require(throws: WireError.self) {
                try Nest(decoding: Nest(levels: levels).encoded())
            }
            #expect(error.description == "zrp.descriptor.Message: nested deeper than 32")
        }
        // Levels count where they lie, not in all: as many again beside them are as deep.
        var wide = Nest(levels: 32)
        wide.inner += Nest(levels: 32).inner
        #expect(try Nest(decoding: wide.encoded()) == wide)
    }

    /// The call fails, at either end; those beside it do not.
    @Test(arguments: [Network.memory, .tcp])
    func aCallWithOneLevelMoreFailsAndNoOther(network: Network) async throws {
        let services = [ServiceDefinition.echo(EchoImplementation()), Self.service]
        try await Pair.with(network, services: services) { pair in
            func call(_ method: Method<Nest, Nest>, _ request: Nest) async throws -> Nest {
                try await pair.session.unary(method, request, attachments: [], options: CallOptions()).message
            }
            try await pair.echo.bidirectional { writer, replies in
                var iterator = replies.makeAsyncIterator()
                for levels in [32, 33, 32, 60] {
                    try await writer.send(EchoRequest(text: "\(levels)"))
                    #expect(try await iterator.next()?.message.text == "\(levels)", "a call that is open goes on")
                    if levels == 32 {
                        #expect(try await call(Self.mirror, Nest(levels: 32)) == Nest(levels: 32))
                        var wanted = Nest()
                        wanted.name = "32"
                        #expect(try await call(Self.builder, wanted) == Nest(levels: 32))
                        continue
                    }
                    let refused = await #expect(throws: RPCStatus.self) {
                        try await call(Self.mirror, Nest(levels: levels))
                    }
                    #expect(refused?.code == .invalidArgument)
                    #expect(refused?.message == "test.Nesting/Mirror: zrp.descriptor.Message: nested deeper than 32")
                    var wanted = Nest()
                    wanted.name = "\(levels)"
                    let unread = await #expect(throws: RPCStatus.self) { try await call(Self.builder, wanted) }
                    #expect(unread?.code == .internalError)
                }
                writer.finish()
            }
            #expect(await pair.session.isOpen)
        }
    }

    /// A field of six bytes, so that all of them together are below the other limits.
    private static func fields(_ count: Int) -> [UInt8] {
        Array(repeatElement(WireSmith.delimited(1, Array("text".utf8)), count: count).joined())
    }

    @Test(arguments: [Network.memory, .tcp])
    func sixtyFiveThousandFieldsPassAndNoMore(network: Network) async throws {
        #expect(try EchoRequest(decoding: Self.fields(65_536)) == EchoRequest(text: "text"))
        #expect(throws: WireError.self) { try EchoRequest(decoding: Self.fields(65_537)) }
        // Fields of messages inside count, and so do the fields that hold them.
        let inner = WireSmith.delimited(17, Self.fields(65_534))
        #expect(try EchoEverything(decoding: inner + WireSmith.delimited(14, [65])).inner?.name == "text")
        #expect(throws: WireError.self) {
            try EchoEverything(decoding: inner + WireSmith.delimited(14, [65]) + WireSmith.delimited(14, [66]))
        }
        try await Pair.with(network) { pair in
            let method = MethodDescriptor(
                service: "atelier.echo.Echo", name: "Unary", kind: .unary, idempotency: .unknown)
            var texts: [String] = []
            try await _ = pair.session.raw(method, [RawMessage(body: Self.fields(65_536))]) { reply in
                texts.append(try EchoResponse(decoding: reply.body).text)
            }
            #expect(texts == ["text"])
            let refused = await #expect(throws: RPCStatus.self) {
                try await pair.session.raw(method, [RawMessage(body: Self.fields(65_537))]) { _ in }
            }
            #expect(refused?.code == .invalidArgument)
            #expect(refused?.message.contains("more than 65536 fields") == true)
            #expect(try await pair.echo.unary(EchoRequest(text: "next")).message.text == "next")
        }
    }

    /// The sender stops at the limit; a peer that does not is answered as for any body that is no message.
    @Test func aBodyOfAMebibytePassesAndNoMore() async throws {
        let most = WireSmith.delimited(4, [UInt8](repeating: 1, count: 1 << 20 - 4))
        #expect(most.count == 1 << 20)
        try await Pair.with(.tcp) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            let head = try ZRPCallHead(method: "atelier.echo.Echo/ClientStream").encoded()
            await raw.send(FrameHeader(.request, call: 1, flags: 1), head, most)
            #expect(try await raw.nextStatus()?.code == .ok)
            await raw.send(FrameHeader(.request, call: 3, flags: 1), head, [0x18, 0] + most)
            let refused = try await raw.nextStatus()
            #expect(refused?.code == .invalidArgument && refused?.message.contains("more than 1048576") == true)
            await raw.vanish()
        }
    }
}
