import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// grpc-swift-2 as the other side of the comparison: `grpc-swift-peer ADDRESS PIPELINED CONCURRENCY ECHOES TRANSFERS`.
///
/// The server is a process of its own, `grpc-swift-peer --serve ADDRESS`; prints the same figures as `atelier bench rpc`.
@main
struct Peer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "--serve" { return try await serve(Address(arguments[2])) }
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }
        guard arguments.count == 6, numbers.count == 4 else { throw Usage() }
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        server.arguments = ["--serve", arguments[1]]
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        defer { server.terminate() }
        guard !output.fileHandleForReading.availableData.isEmpty else { throw Usage() }
        let result = try await Measurement.take(
            Address(arguments[1]), calls: numbers[0], concurrency: numbers[1], echoes: numbers[2],
            transfers: numbers[3])
        print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
    }

    private static func serve(_ address: Address) async throws {
        let transport = HTTP2ServerTransport.Posix(address: address.socket, transportSecurity: .plaintext)
        let server = GRPCServer(transport: transport, services: [EchoService()])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            _ = try await transport.listeningAddress
            print("ready")
            fflush(nil)
            try await group.waitForAll()
        }
    }
}

struct Usage: Error {}

/// `unix:/PATH` or `127.0.0.1:PORT`, as gRPC C++ takes it.
struct Address {
    let text: String
    let socket: GRPCNIOTransportCore.SocketAddress
    let target: any ResolvableTarget

    init(_ text: String) throws {
        self.text = text
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            socket = .unixDomainSocket(path: path)
            target = .unixDomainSocket(path: path)
        } else {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let port = Int(parts[1]) else { throw Usage() }
            socket = .ipv4(host: String(parts[0]), port: port)
            target = .ipv4(address: String(parts[0]), port: port)
        }
    }
}
