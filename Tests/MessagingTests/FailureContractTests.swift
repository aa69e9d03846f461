import Messaging
import RPC
import Testing
import Wire

@Suite("The contract of failures, over every transport", .timeLimit(.minutes(1)))
struct FailureContractTests {
    @Test(arguments: Network.allCases)
    func aDeadlineEndsTheCallAtBothEnds(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            // Again if the machine was so busy that the handler did not begin in time.
            repeat {
                let status = try await #require(throws: RPCStatus.self) {
                    try await pair.echo.unary(
                        EchoRequest(delayUs: 60_000_000), options: CallOptions(timeout: .milliseconds(500)))
                }
                #expect(status.code == .deadlineExceeded)
                #expect(status.message.contains("atelier.echo.Echo/Unary"))
            } while echo.journal.count("begun") == 0
            await echo.journal.wait(for: "cancelled")
        }
    }

    @Test(arguments: Network.allCases)
    func aDeadlineCrossesTwoHops(network: Network) async throws {
        let last = EchoImplementation()
        try await Pair.with(network, services: [.echo(last)]) { far in
            let middle = EchoImplementation(next: far.session)
            try await Pair.with(network, services: [.echo(middle)]) { near in
                let options = CallOptions(timeout: .seconds(30))
                let reply = try await near.echo.relay(EchoRequest(), options: options)
                #expect((1...30_000_000).contains(reply.message.remainingUs), "the far handler inherited the deadline")
                repeat {
                    let status = try await #require(throws: RPCStatus.self) {
                        try await near.echo.relay(
                            EchoRequest(delayUs: 60_000_000), options: CallOptions(timeout: .seconds(1)))
                    }
                    #expect(status.code == .deadlineExceeded)
                } while last.journal.count("begun") == 0
                await last.journal.wait(for: "cancelled")
            }
        }
    }

    @Test(arguments: Network.allCases)
    func cancellingTheTaskCancelsTheHandler(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let client = pair.echo
            let call = Task { try await client.unary(EchoRequest(delayUs: 60_000_000)) }
            await echo.journal.wait(for: "begun")
            call.cancel()
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            #expect(status?.code == .cancelled)
            await echo.journal.wait(for: "cancelled")
        }
    }

    @Test(arguments: Network.allCases)
    func droppingAStreamCancelsItAfterTheFirstMessage(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let request = EchoRequest(number: .max, payload: [UInt8](repeating: 0, count: 1000))
            for try await item in try await pair.echo.serverStream(request) {
                #expect(item.message.number == 0)
                break
            }
            await echo.journal.wait(for: "cancelled")
        }
    }

    @Test(arguments: Network.allCases)
    func aServerThatAnswersEarlyStopsTheClientsStream(network: Network) async throws {
        try await Pair.with(network) { pair in
            let status = try await #require(throws: RPCStatus.self) {
                try await pair.echo.clientStream { writer in
                    while true { try await writer.send(EchoRequest(mode: .fail)) }
                }
            }
            #expect(status == RPCStatus(.outOfRange, "enough"))
        }
    }

    @Test(arguments: Network.allCases)
    func whatTheClosureOfAClientStreamThrowsIsThrownEvenIfTheServerHasAnswered(network: Network) async throws {
        struct Own: Error {}
        let early = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [MethodHandler(clientStreaming: EchoMethods.clientStream) { _, _ in Reply(EchoResponse()) }])
        try await Pair.with(network, services: [early]) { pair in
            _ = await #expect(throws: Own.self) {
                try await pair.echo.clientStream { writer in
                    while (try? await writer.send(EchoRequest())) != nil {}
                    throw Own()
                }
            }
        }
    }

    @Test(arguments: Network.allCases)
    func whatAClosureThrowsCancelsTheCall(network: Network) async throws {
        struct Mine: Error {}
        try await Pair.with(network) { pair in
            await #expect(throws: Mine.self) { try await pair.echo.clientStream { _ in throw Mine() } }
            await #expect(throws: Mine.self) { try await pair.echo.bidirectional { _, _ in throw Mine() } }
            let reply = try await pair.echo.unary(EchoRequest(text: "next"))
            #expect(reply.message.text == "next")
        }
    }

    @Test(arguments: Network.allCases)
    func aServerThatVanishesMakesItsCallsUnavailable(network: Network) async throws {
        let (transport, address) = network.make()
        let (server, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        async let dialled = client.dial(listener.address)
        #expect(await server.next(.hello) != nil)
        await server.send(FrameHeader(.welcome), try ZRPWelcome(version: 1, peer: "raw").encoded())
        let session = try await dialled
        let call = Task { try await EchoClient(session).unary(EchoRequest(text: "lost")) }
        #expect(await server.next(.request) != nil)
        await listener.close()
        let status = await #expect(throws: RPCStatus.self) { try await call.value }
        #expect(status?.code == .unavailable)
        #expect(await session.closed.code == .unavailable)
        let late = await #expect(throws: RPCStatus.self) { try await EchoClient(session).unary(EchoRequest()) }
        #expect(late?.notProcessed == true)
        await client.close()
    }

    /// A caller that is told of a wrong argument would look for the mistake in its own request.
    @Test(arguments: [Network.memory, .tcp])
    func aReplyThatIsNoMessageIsTheServersFault(network: Network) async throws {
        let (transport, address) = network.make()
        let (server, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        async let dialled = client.dial(listener.address)
        #expect(await server.next(.hello) != nil)
        await server.send(FrameHeader(.welcome), try ZRPWelcome(version: 1, peer: "raw").encoded())
        let echo = EchoClient(try await dialled)
        let calls = [
            Task { _ = try await echo.unary(EchoRequest()) },
            Task { for try await _ in try await echo.serverStream(EchoRequest()) {} },
        ]
        for _ in calls {
            let frames = try #require(await server.next(.request))
            guard case .header(let request) = FrameHeader.read(frames[0]) else { return }
            await server.send(FrameHeader(.message, call: request.call, flags: 1), [], [0xff, 0xff, 0xff])
            await server.send(FrameHeader(.status, call: request.call))
        }
        for call in calls {
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            #expect(status?.code == .internalError)
        }
        await client.close()
        await listener.close()
    }

    @Test func aHandlersReplyThatCannotTravelIsItsOwnFault() async throws {
        let bad = EchoResponse(text: "a\0b")
        let service = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { request, _ in
                    request.number == 0
                        ? Reply(bad)
                        : Reply(EchoResponse(), attachments: [Attachment(name: "a\0b", copying: [UInt8(1)])])
                },
                MethodHandler(serverStreaming: EchoMethods.serverStream) { _, replies, _ in try await replies.send(bad)
                },
            ])
        try await Pair.with(.memory, services: [service]) { pair in
            for number in UInt32(0)...1 {
                let unary = await #expect(throws: RPCStatus.self) {
                    try await pair.echo.unary(EchoRequest(number: number))
                }
                #expect(unary?.code == .internalError)
            }
            let stream = await #expect(throws: RPCStatus.self) {
                for try await _ in try await pair.echo.serverStream(EchoRequest()) {}
            }
            #expect(stream?.code == .internalError)
        }
    }

    /// What does not open the session has failed, whatever it calls itself.
    @Test func aRefusalThatSaysOkIsAFailureToDial() async throws {
        let (transport, address) = Network.memory.make()
        let (server, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        let dialled = Task { _ = try await client.dial(listener.address) }
        #expect(await server.next(.hello) != nil)
        await server.send(FrameHeader(.status))
        let status = await #expect(throws: RPCStatus.self) { try await dialled.value }
        #expect(status?.code == .internalError)
        #expect(status?.message == "\(listener.address): the peer answered HELLO with STATUS 0")
        await client.close()
        await listener.close()
    }

    @Test(arguments: Network.allCases)
    func aServerThatFallsSilentLosesItsLease(network: Network) async throws {
        let (transport, address) = network.make()
        let (server, listener) = try await RawPeer.listen(address, transport)
        let client = try Endpoint(name: "client", transport: transport)
        async let dialled = client.dial(listener.address)
        #expect(await server.next(.hello) != nil)
        let welcome = ZRPWelcome(version: 1, peer: "raw", heartbeatMs: 20, leaseMs: 500)
        await server.send(FrameHeader(.welcome), try welcome.encoded())
        let session = try await dialled
        let status = await #expect(throws: RPCStatus.self) { try await EchoClient(session).unary(EchoRequest()) }
        #expect(status?.code == .unavailable)
        #expect(await session.closed.message.contains("said nothing"))
        #expect(await server.next(.ping) != nil, "the client asked before it gave up")
        await client.close()
        await listener.close()
    }

    @Test(arguments: Network.allCases)
    func aClientThatVanishesCancelsItsHandlers(network: Network) async throws {
        let echo = EchoImplementation()
        try await Pair.with(network, services: [.echo(echo)]) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            try await raw.sayHello()
            #expect(await raw.next(.welcome) != nil)
            let head = ZRPCallHead(method: "atelier.echo.Echo/Unary", timeoutUs: 60_000_000)
            let request = EchoRequest(delayUs: 60_000_000)
            await raw.send(
                FrameHeader(.request, call: 1, flags: 1), try head.encoded(), try request.encoded())
            await echo.journal.wait(for: "begun")
            await raw.vanish()
            await echo.journal.wait(for: "cancelled")
        }
    }

    @Test(arguments: Network.allCases)
    func idleSessionsLiveAsLongAsBothEndsPing(network: Network) async throws {
        var configuration = EndpointConfiguration()
        configuration.heartbeat = .milliseconds(50)
        configuration.lease = .seconds(1)
        try await Pair.with(network, serverConfiguration: configuration) { pair in
            // Longer than the lease, and only PINGs on the way.
            let request = EchoRequest(text: "still here", delayUs: 1_500_000)
            let reply = try await pair.echo.unary(request)
            #expect(reply.message.text == "still here")
        }
    }

    @Test(arguments: Network.allCases)
    func aChannelDialsAgainWhenItsPeerIsBack(network: Network) async throws {
        let (transport, address) = network.make()
        let client = try Endpoint(name: "client", transport: transport)
        var server = try Endpoint(name: "server", transport: transport)
        var listener = try await server.listen(address, services: [.echo(EchoImplementation())])
        let bound = listener.address
        let channel = client.channel(bound)
        #expect(try await EchoClient(channel).unary(EchoRequest(text: "1")).message.text == "1")
        let session = try await channel.session()
        await server.close()
        #expect(await session.closed.code == .unavailable)
        let status = await #expect(throws: RPCStatus.self) { try await EchoClient(channel).unary(EchoRequest()) }
        #expect(status?.code == .unavailable)
        #expect(status?.message.contains(bound) == true)
        async let patient = EchoClient(channel).unary(
            EchoRequest(text: "2"), options: CallOptions(timeout: .seconds(20), waitForReady: true))
        server = try Endpoint(name: "server", transport: transport)
        listener = try await server.listen(bound, services: [.echo(EchoImplementation())])
        #expect(try await patient.message.text == "2")
        await client.close()
        await server.close()
    }
}
