import Foundation
import Testing

/// A server in a network namespace of its own, and the link to it: `broken_link.py` as a process.
final class BrokenLink: Sendable {
    static let whatIsMissing: Comment =
        "network namespaces cannot be made here (root, python3, ip and /dev/net/tun are needed)"
    /// Whether this machine lets us make networks.
    static let isPossible: Bool =
        geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0
        && system("unshare -n ip link show lo >/dev/null 2>&1 && python3 -c '' 2>/dev/null") == 0

    private let process: Process
    private let input: FileHandle
    /// The first line that the server has printed.
    let line: String

    /// Starts a program with arguments; `HOST` in them stands for the server's address.
    init(_ program: String, _ arguments: [String]) async throws {
        // Tests of several checkouts may run side by side on a machine.
        let network = "\(Int.random(in: 64...254)).\(Int.random(in: 0...254))"
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "broken_link.py").path
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["python3", script, network, program]
            + arguments.map { $0.replacingOccurrences(of: "HOST", with: "10.\(network).2") }
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        (self.process, self.input) = (process, input.fileHandleForWriting)
        let reading = output.fileHandleForReading
        let first = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: reading.availableData) }
        }
        line = String(decoding: first, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        try #require(line.contains("://"), "the server in its own network did not start")
    }

    /// Changes what becomes of packets.
    func say(_ order: String) throws { try input.write(contentsOf: Data("\(order)\n".utf8)) }

    /// Ends the server and its network.
    func end() { try? input.close() }
}
