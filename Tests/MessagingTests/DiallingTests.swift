import Foundation
import Messaging
import RPC
import Testing
import Wire

/// A client that is there before its server.
@Suite("Dialling", .timeLimit(.minutes(1)))
struct DiallingTests {
    /// Over ipc: the address is known before anybody listens there.
    @Test func theFirstItemOfAStreamArrivesWheneverTheListenerComes() async throws {
        for round in 0..<10 {
            let (transport, address) = Network.ipc.make()
            let server = try Endpoint(name: "server", transport: transport)
            let client = try Endpoint(name: "client", transport: transport)
            let options = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)
            let channel = client.channel(address)
            let streams = (0..<3).map { index in
                Task {
                    let request = EchoRequest(text: "first", number: .max)
                    for try await item in try await EchoClient(channel).serverStream(request, options: options) {
                        return "\(index) \(item.message.text)"
                    }
                    return "nothing"
                }
            }
            if round % 2 == 1 { try await Task.sleep(for: .microseconds(Int64.random(in: 0...60_000))) }
            let services: [ServiceDefinition] = [.echo(EchoImplementation())]
            let listener = try await server.listen(address, services: services)
            #expect(listener.address == address)
            for (index, stream) in streams.enumerated() { #expect(try await stream.value == "\(index) first") }
            await client.close()
            await server.close()
        }
    }

    /// A handshake that never ends is given up after five seconds; who calls has less patience, or none any more.
    @Test func aCallWaitsForASessionNoLongerThanItsDeadlineAndItsTask() async throws {
        let silent = try RawListener()
        let client = try Endpoint(name: "client", transport: ZeroMQTransport())
        let echo = EchoClient(client.channel("tcp://127.0.0.1:\(silent.port)"))
        let start = ContinuousClock.now
        let late = await #expect(throws: RPCStatus.self) {
            try await echo.unary(EchoRequest(), options: CallOptions(timeout: .milliseconds(200)))
        }
        #expect(late?.code == .deadlineExceeded)
        let call = Task { try await echo.unary(EchoRequest()) }
        call.cancel()
        let given = await #expect(throws: RPCStatus.self) { try await call.value }
        #expect(given?.code == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(3))
        await client.close()
    }

    /// However many calls there are, an address where nobody is is dialled as often as the channel's waits allow.
    @Test func callsDoNotDialWhileTheChannelWaits() async throws {
        let transport = WatchedTransport()
        let client = try Endpoint(name: "client", transport: transport)
        let echo = EchoClient(client.channel("memory://nobody"))
        for _ in 0..<200 {
            let failure = await #expect(throws: RPCStatus.self) { try await echo.unary(EchoRequest()) }
            #expect(failure?.code == .unavailable)
            #expect(failure?.notProcessed == true)
        }
        // 200 calls take a few milliseconds, the first wait 40 at least; a slow machine may see some of the next.
        #expect(transport.attempts <= 4)
        // One that waits until it can be made is made as soon as somebody is there.
        let waiting = Task {
            try await echo.unary(EchoRequest(text: "now"), options: CallOptions(waitForReady: true))
        }
        let server = try Endpoint(name: "server", transport: transport)
        _ = try await server.listen("memory://nobody", services: [.echo(EchoImplementation())])
        #expect(try await waiting.value.message.text == "now")
        await client.close()
        await server.close()
    }

    @Test func aSessionThatComesUpAfterItsEndpointHasClosedIsEnded() async throws {
        let transport = WatchedTransport()
        let server = try Endpoint(name: "server", transport: transport)
        let listener = try await server.listen("memory://late")
        let client = try Endpoint(name: "client", transport: transport)
        transport.holdsConnections = true
        let dialling = Task { try await client.dial("memory://late") }
        while transport.attempts == 0 { await Task.yield() }
        await client.close()
        transport.holdsConnections = false
        let failure = await #expect(throws: RPCStatus.self) { try await dialling.value }
        #expect(failure?.message == "client: the endpoint is closed")
        while !listener.sessions.isEmpty { await Task.yield() }
        let late = await #expect(throws: RPCStatus.self) { try await client.listen("memory://later") }
        #expect(late?.message == "client: the endpoint is closed")
        await server.close()
    }

    /// Who dials is no more willing than who listens to take one message for ever.
    @Test func aListenerThatSendsAMessageWithoutAnEndIsLeft() async throws {
        let listener = try RawListener(says: ZMTPBytes.opening(as: "ROUTER"), then: ZMTPBytes.endless(megabytes: 1))
        let client = try Endpoint(name: "client", transport: ZeroMQTransport())
        let failure = await #expect(throws: RPCStatus.self) {
            try await client.dial("tcp://127.0.0.1:\(listener.port)")
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.message.contains("the peer sends a message without an end") == true)
        await client.close()
    }
}
