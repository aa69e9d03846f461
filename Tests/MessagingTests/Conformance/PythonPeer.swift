import Foundation
import Testing

/// The Python peer of `Services/Reward/python` as a process.
final class PythonPeer: Sendable {
    /// The first interpreter that has what the peer needs.
    private static let interpreter: String? =
        // Not Foundation's Process, which waits for the end of a child on one of the few threads that all tests share.
        [ProcessInfo.processInfo.environment["ATELIER_PYTHON"], "python3", "/usr/bin/python3"].compactMap(\.self).first
    {
        system("\($0) -c 'import zmq, google.protobuf' 2>/dev/null") == 0
    }
    static let whatIsMissing: Comment =
        "python3 with zmq and google.protobuf is not here (python3-zmq and python3-protobuf, or ATELIER_PYTHON)"
    /// Whether the interpreter has what the peer needs.
    static let isThere: Bool = interpreter != nil

    private static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Services/Reward/python/conformance.py").path
    }

    /// Where it serves.
    let address: String
    private let process: Process
    private let input: FileHandle

    private init(_ process: Process, _ input: FileHandle, address: String) {
        self.process = process
        self.input = input
        self.address = address
    }

    private static func start(_ arguments: [String], input: Pipe? = nil) throws -> (Process, FileHandle) {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [interpreter ?? "python3", script] + arguments
        process.standardOutput = output
        process.standardInput = input ?? FileHandle.nullDevice
        try process.run()
        return (process, output.fileHandleForReading)
    }

    /// Reads on a thread of its own, not one of the tasks'.
    private static func read<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Serves the echo.
    static func serve(_ address: String, keys: URL? = nil) async throws -> PythonPeer {
        let input = Pipe()
        let (process, output) = try start(["serve", address] + (keys.map { [$0.path] } ?? []), input: input)
        let line = await read {
            var line = Data()
            while let byte = try? output.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) { line += byte }
            return String(decoding: line, as: UTF8.self)
        }
        try #require(line.contains("://"), "the Python server did not start")
        return PythonPeer(process, input.fileHandleForWriting, address: line)
    }

    /// Runs the list against a server; the lines say how each case went.
    static func check(_ address: String, keys: URL? = nil) async throws -> [String] {
        let (process, output) = try start(["check", address] + (keys.map { [$0.path] } ?? []))
        let text = await read { String(decoding: (try? output.readToEnd()) ?? Data(), as: UTF8.self) }
        withExtendedLifetime(process) {}
        return text.split(separator: "\n").map(String.init)
    }

    /// Gives the server an order.
    func say(_ order: String) {
        try? input.write(contentsOf: Data("\(order)\n".utf8))
    }

    /// Lets it stand still until ``resume()``; returns when all its threads do: one that runs a moment longer may yet answer.
    func suspend() async throws {
        kill(process.processIdentifier, SIGSTOP)
        let folder = "/proc/\(process.processIdentifier)/task"
        // The state follows the name in brackets.
        while try FileManager.default.contentsOfDirectory(atPath: folder).contains(where: { thread in
            try String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8)
                .split(separator: ")").last?.dropFirst().first != "T"
        }) { try await Task.sleep(for: .milliseconds(5)) }
    }

    func resume() { kill(process.processIdentifier, SIGCONT) }

    /// Ends it by a word: the pipe's end may have been inherited by a process that another test has started.
    func stop() {
        say("stop")
        try? input.close()
    }
}
