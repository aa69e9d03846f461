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
        let silent = try SilentListener()
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
}

/// Takes connections and says nothing.
private final class SilentListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isListening)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
