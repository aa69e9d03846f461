import Foundation
import Messaging
import RPC
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test(arguments: [
        ("tcp://0.0.0.0:0", RPCStatus.Code.permissionDenied, "keys are required"),
        ("tcp://*:0", .permissionDenied, "keys are required"),
        ("tcp://192.168.1.1:9000", .permissionDenied, "keys are required"),
        ("tcp://127.0.0.1.example.org:9000", .permissionDenied, "keys are required"),
        ("tcp://[::]:9000", .permissionDenied, "keys are required"),
        ("tcp://127.0.0.1", .invalidArgument, "tcp://HOST:PORT"),
        ("tcp://127.0.0.1:70000", .invalidArgument, "tcp://HOST:PORT"),
        ("http://127.0.0.1:1", .invalidArgument, "ipc://PATH"),
        ("", .invalidArgument, "ipc://PATH"),
        ("ipc://relative", .invalidArgument, "absolute path"),
        ("ipc:///dev/null/socket", .invalidArgument, "not a folder"),
        ("ipc:///tmp/socket", .permissionDenied, "mode 0700"),
        ("ipc:///" + String(repeating: "long", count: 40), .invalidArgument, "a socket takes 107"),
    ])
    func refusesToBind(address: String, code: RPCStatus.Code, reason: String) async throws {
        let endpoint = try Endpoint(name: "test")
        let status = await #expect(throws: RPCStatus.self) { try await endpoint.listen(address) }
        #expect(status?.code == code)
        #expect(status?.message.hasPrefix(address) == true)
        #expect(status?.message.contains(reason) == true, "\(status?.message ?? "")")
        await endpoint.close()
    }

    @Test(arguments: ["tcp://127.0.0.1:0", "tcp://127.8.9.10:*", "tcp://localhost:0", "tcp://[::1]:0"])
    func bindsLoopbackAndSaysWhichPortItGot(address: String) async throws {
        let endpoint = try Endpoint(name: "test")
        guard let listener = try? await endpoint.listen(address) else {
            // A machine may be without IPv6.
            #expect(address.contains("::1"))
            return await endpoint.close()
        }
        let port = listener.address.split(separator: ":").last.flatMap { Int($0) }
        #expect((port ?? 0) > 0, "\(listener.address)")
        #expect(try await endpoint.dial(listener.address).peer.name == "test")
        await endpoint.close()
    }

    @Test func anAddressInUseIsNamed() async throws {
        for network in Network.allCases {
            let (transport, address) = network.make()
            let first = try Endpoint(name: "first", transport: transport)
            let second = try Endpoint(name: "second", transport: transport)
            let bound = try await first.listen(address).address
            let status = await #expect(throws: RPCStatus.self) { try await second.listen(bound) }
            #expect(status?.code == .alreadyExists)
            #expect(status?.message.hasPrefix("\(bound): in use") == true)
            #expect(try await second.dial(bound).peer.name == "first", "the first is not disturbed")
            await first.close()
            // Free again at once.
            #expect(try await second.listen(bound).address == bound)
            await second.close()
        }
    }

    @Test func nobodyThereIsSaidAtOnceWithTheAddress() async throws {
        let endpoint = try Endpoint(name: "test")
        let free = try await endpoint.listen("tcp://127.0.0.1:0")
        await free.close()
        for address in [free.address, "ipc:///tmp/atelier-nobody/socket", "tcp://127.0.0.1:0", "nonsense"] {
            let status = await #expect(throws: RPCStatus.self) { try await endpoint.dial(address) }
            #expect(status?.message.hasPrefix(address) == true)
        }
        await endpoint.close()
    }
}
