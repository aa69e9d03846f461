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
}
