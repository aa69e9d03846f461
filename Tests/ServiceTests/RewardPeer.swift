import Foundation
import RPC
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A reward service as a process with keys, and an operator's session with it.
struct RewardPeer {
    enum Transport: String, CaseIterable, CustomTestStringConvertible, Sendable {
        case ipc, tcp

        var testDescription: String { rawValue }
    }

    let place: Workplace
    let service: Workplace.Running
    /// Ends in the service's key.
    let address: String
    let client: Endpoint
    let session: Session

    init(_ transport: Transport) async throws {
        let place = try Workplace()
        self.place = place
        let keys = place.path("keys")
        #expect(try await place.atelier("keys", "init", keys).ending == .exited(0))
        let asked = transport == .ipc ? "ipc://\(place.path("reward"))" : "tcp://127.0.0.1:0"
        let service = try place.start(
            "atelier-reward", ["--spec", "jpeg-compressibility", "--address", asked, "--keys", keys, "--with-parent"])
        var bound: Substring?
        try await place.until("it says where it serves") {
            bound = service.errorSoFar.split { " ,\n".contains($0) }.first {
                $0.hasPrefix("\(transport.rawValue)://") && $0.contains("#")
            }
            return bound != nil
        }
        self.service = service
        address = String(try #require(bound))
        client = try ProcessKeys.endpoint(
            name: "operator", role: .operator, keys: keys, dials: [address], log: .init(label: "test"))
        session = try await client.dial(address)
    }

    /// A connection that holds a descriptor of the service and says nothing.
    func intruder() throws -> RawSocket.Connection {
        let place = address.prefix { $0 != "#" }
        guard place.hasPrefix("ipc://") else {
            return try RawSocket.Connection(port: place.split(separator: ":").last.flatMap { UInt16($0) } ?? 0)
        }
        return try RawSocket.Connection(path: String(place.dropFirst("ipc://".count)))
    }

    /// How often the service has begun to carry out a method, as it says itself.
    func executions(of method: String, on session: Session) async throws -> UInt64 {
        let methods = try await IntrospectionClient(session).methods(IntrospectionMethodsRequest()).message.methods
        return methods.first { $0.method == method && !$0.originated }?.started ?? 0
    }

    /// Stops the service in order.
    func end() async {
        await client.close()
        await service.child.stop(within: .seconds(20))
        let ended = await service.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
    }
}
