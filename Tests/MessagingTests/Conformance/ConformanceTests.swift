import Foundation
import RPC
import RPCServices
import Testing
import Wire

@Suite("The conformance list", .timeLimit(.minutes(2)))
struct ConformanceTests {
    /// What both ends of the list do beside calling: compress, and checksum.
    static var configuration: EndpointConfiguration {
        var configuration = EndpointConfiguration()
        configuration.compressesBodies = true
        configuration.checksumsAttachments = true
        return configuration
    }

    @Test(arguments: Network.allCases, ConformanceCase.allCases)
    func holdsBetweenTwoOfOurEndpoints(network: Network, case item: ConformanceCase) async throws {
        try await Pair.with(
            network, serverConfiguration: Self.configuration, clientConfiguration: Self.configuration,
            clientServices: [.echo(EchoImplementation())], standardBeside: [.echo(EchoImplementation())]
        ) { pair in
            try await item.run(
                Subject(client: pair.client, session: pair.session, address: pair.listener.address))
        }
    }

    @Test(.enabled(if: PythonPeer.isThere, PythonPeer.whatIsMissing), arguments: [Network.ipc, .tcp, .curve])
    func holdsForAServerInPython(network: Network) async throws {
        let (transport, address) = network.make()
        let keys = try network.keyFolder()
        defer { if let keys { try? FileManager.default.removeItem(at: keys) } }
        let python = try await PythonPeer.serve(address, keys: keys)
        let client = try Endpoint(name: "client", transport: transport, configuration: Self.configuration)
        let session = try await client.dial(python.address, services: [.echo(EchoImplementation())])
        for item in ConformanceCase.allCases {
            do { try await item.run(Subject(client: client, session: session, address: python.address)) } catch {
                Issue.record(error, "\(item.rawValue)")
            }
        }
        await client.close()
        python.stop()
    }

    @Test(.enabled(if: PythonPeer.isThere, PythonPeer.whatIsMissing), arguments: [Network.ipc, .tcp, .curve])
    func holdsForAClientInPython(network: Network) async throws {
        let (transport, address) = network.make()
        let server = try Endpoint(name: "server", transport: transport, configuration: Self.configuration)
        let services = StandardServices().beside([.echo(EchoImplementation())], of: server)
        let listener = try await server.listen(address, services: services)
        let keys = try network.keyFolder()
        defer { if let keys { try? FileManager.default.removeItem(at: keys) } }
        let lines = try await PythonPeer.check(listener.address, keys: keys)
        // The last line is missing if it did not come to the end of the list.
        #expect(lines.count > 20 && lines.last == "all \(lines.count - 1) cases")
        for line in lines.dropLast() where !line.hasPrefix("ok ") { Issue.record("\(line)") }
        await server.close()
    }

    /// The Python peer drains as ours does: calls that are open end, later ones go elsewhere.
    @Test(.enabled(if: PythonPeer.isThere, PythonPeer.whatIsMissing))
    func aServerInPythonDrains() async throws {
        let (transport, address) = Network.ipc.make()
        let python = try await PythonPeer.serve(address)
        let client = try Endpoint(name: "client", transport: transport)
        let session = try await client.dial(python.address)
        let echo = EchoClient(session)
        try await echo.bidirectional { writer, replies in
            var iterator = replies.makeAsyncIterator()
            try await writer.send(EchoRequest(text: "before"))
            #expect(try await iterator.next()?.message.text == "before")
            python.say("drain")
            // Calls are refused from now on; the one that is open is not.
            while (try? await echo.unary(EchoRequest())) != nil {}
            try await writer.send(EchoRequest(text: "after"))
            #expect(try await iterator.next()?.message.text == "after")
            writer.finish()
            #expect(try await iterator.next() == nil)
        }
        #expect(await session.closed.code == .unavailable)
        let status = await #expect(throws: RPCStatus.self) { try await echo.unary(EchoRequest()) }
        #expect(status?.notProcessed == true)
        await client.close()
        python.stop()
    }

    /// As ours.
    @Test(.enabled(if: PythonPeer.isThere, PythonPeer.whatIsMissing))
    func aServerInPythonThatHasStoodStillServesNothingThatCameMeanwhile() async throws {
        let (transport, address) = Network.ipc.make()
        let python = try await PythonPeer.serve(address)
        let client = try Endpoint(name: "client", transport: transport)
        let session = try await client.dial(python.address)
        let counted = CallOptions(timeout: .seconds(30), metadata: ["x-count": "late"])
        _ = try await EchoClient(session).unary(EchoRequest())
        try await python.suspend()
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    let status = await #expect(throws: RPCStatus.self) {
                        try await EchoClient(session).unary(EchoRequest(), options: counted)
                    }
                    #expect(status?.code == .unavailable)
                }
            }
        }
        python.resume()
        let echo = EchoClient(try await client.dial(python.address))
        // What had come on the old session has been read when so many calls have been answered.
        for _ in 0..<100 { _ = try await echo.unary(EchoRequest()) }
        let reply = try await echo.unary(EchoRequest(), options: counted)
        #expect(reply.trailers["x-executions"] == "1")
        await client.close()
        python.stop()
    }
}
