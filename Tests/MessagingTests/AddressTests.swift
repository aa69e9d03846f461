import Foundation
import Messaging
import RPC
import Synchronization
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
        // Among a thousand other sessions a HELLO may take longer than a listener waits: then a peer dials again.
        var session = try? await endpoint.dial(listener.address)
        for _ in 0..<3 where session == nil { session = try? await endpoint.dial(listener.address) }
        #expect(session?.peer.name == "test")
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

    @Test func anIPCAddressThatIsGivenUpLeavesNothingBehind() async throws {
        let (transport, address) = Network.ipc.make()
        let socket = URL(fileURLWithPath: String(address.dropFirst("ipc://".count)))
        let folder = socket.deletingLastPathComponent()
        let endpoint = try Endpoint(name: "test", transport: transport)
        let listener = try await endpoint.listen(address)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["socket", "socket.lock"])
        await listener.close()
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        // A folder that was there before stays, and so does what others have in it.
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        chmod(folder.path, 0o700)
        try await endpoint.listen(address).close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        try FileManager.default.removeItem(at: folder)
        await endpoint.close()
    }

    /// Whoever can say where the socket is can put another one there.
    @Test func aLinkIsNoFolderForASocket() async throws {
        let (transport, address) = Network.ipc.make()
        let folder = URL(fileURLWithPath: String(address.dropFirst("ipc://".count))).deletingLastPathComponent()
        let link = folder.path + "-link"
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        symlink(folder.path, link)
        let endpoint = try Endpoint(name: "test", transport: transport)
        let status = await #expect(throws: RPCStatus.self) { try await endpoint.listen("ipc://\(link)/socket") }
        #expect(status?.message == "ipc://\(link)/socket: \(link) is a link: name the folder itself")
        await endpoint.close()
        for path in [link, folder.path] { try FileManager.default.removeItem(atPath: path) }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can enter the folders of others"))
    func aFolderOfAnotherUserIsRefused() async throws {
        let (transport, address) = Network.ipc.make()
        let folder = URL(fileURLWithPath: String(address.dropFirst("ipc://".count))).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        #expect(chown(folder.path, 65_534, 65_534) == 0)
        let endpoint = try Endpoint(name: "test", transport: transport)
        let status = await #expect(throws: RPCStatus.self) { try await endpoint.listen(address) }
        #expect(status?.code == .permissionDenied)
        #expect(status?.message == "\(address): the folder \(folder.path) belongs to another user")
        await endpoint.close()
        try FileManager.default.removeItem(at: folder)
    }

    private final class Count: Sendable {
        let value = Atomic(0)
    }

    /// The lock's file goes whenever its holder does, which must not let two hold it.
    @Test func ofManyWhoWantAnAddressOneHasIt() async throws {
        let (transport, address) = Network.ipc.make()
        let holders = Count()
        let file = URL(fileURLWithPath: String(address.dropFirst("ipc://".count)) + ".lock")
        // Somebody else may be at the door when the one who made the folder leaves it: then it stays.
        defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let endpoint = try Endpoint(name: "\(number)", transport: transport)
                    var times = 0
                    while times < 4 {
                        guard let listener = try? await endpoint.listen(address) else { continue }
                        #expect(holders.value.add(1, ordering: .relaxed).newValue == 1)
                        times += 1
                        holders.value.subtract(1, ordering: .relaxed)
                        await listener.close()
                    }
                    await endpoint.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: file.path))
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
