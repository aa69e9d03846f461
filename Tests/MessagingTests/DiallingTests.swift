import Foundation
import Messaging
import RPC
import Testing
import Wire

/// A client that is there before its server.
@Suite("Dialling", .timeLimit(.minutes(1)))
struct DiallingTests {
    /// How often each test tries; ATELIER_REPEAT asks for more than the suite has time for.
    static let rounds = ProcessInfo.processInfo.environment["ATELIER_REPEAT"].flatMap(Int.init) ?? 10

    @Test(arguments: [Network.ipc, .tcp])
    func theFirstItemOfAStreamArrivesWheneverTheListenerComes(network: Network) async throws {
        for round in 0..<Self.rounds {
            let (transport, address) = network.make()
            let known = try await network == .tcp ? freePort(transport) : address
            let server = try Endpoint(name: "server", transport: transport)
            let client = try Endpoint(name: "client", transport: transport)
            let options = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)
            let channel = client.channel(known)
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
            let listener = try await server.listen(known, services: services)
            #expect(listener.address == known)
            for (index, stream) in streams.enumerated() { #expect(try await stream.value == "\(index) first") }
            await client.close()
            await server.close()
        }
    }

    private func freePort(_ transport: any Transport) async throws -> String {
        let endpoint = try Endpoint(name: "probe", transport: transport)
        let address = try await endpoint.listen("tcp://127.0.0.1:0").address
        await endpoint.close()
        return address
    }
}
