import ArgumentParser
import Foundation
import Logging
import RPC
import RPCServices
import ServiceRuntime
import Wire

/// Calls to a server that is a process of its own, as everywhere else.
struct BenchRPC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc", abstract: "Calls to another process on this machine, over a socket.")

    @Option(help: "Where the server listens: tcp://127.0.0.1:0 or ipc:///FOLDER/NAME.")
    var address = "tcp://127.0.0.1:0"
    @Option(help: "Calls one after another.")
    var calls = 2000
    @Option(help: "Calls many at once.")
    var pipelined = 100_000
    @Option(help: "How many of those at once.")
    var concurrency = 256
    @Option(help: "Attachments of 1 MiB there and back.")
    var echoes = 200
    @Option(help: "Large transfers one after another.")
    var transfers = 10
    @Option(help: "Open so many sessions with keys at once, and measure nothing else.")
    var sessions: Int?
    @Option(help: "A folder of keys that `atelier keys init` made: both ends prove theirs. Without one there are none.")
    var keys: String?
    @Flag(help: "Print one JSON object on standard output.")
    var json = false
    @Flag(help: .hidden)
    var serve = false

    func validate() throws {
        for (name, value) in [
            ("calls", calls), ("pipelined", pipelined / max(concurrency, 1)), ("concurrency", concurrency),
            ("echoes", echoes), ("transfers", transfers), ("sessions", sessions ?? 1),
        ] where value < 1 {
            throw ValidationError("--\(name): at least one is needed, and of --pipelined one for each at once")
        }
    }

    func run() async throws {
        if serve { return try await runServer() }
        if let sessions { return try await open(sessions) }
        var benchmark = RPCBenchmark()
        benchmark.sequentialCalls = calls
        benchmark.pipelinedCalls = pipelined
        benchmark.concurrency = concurrency
        benchmark.echoes = echoes
        benchmark.transfers = transfers
        let server = try Server(address, keys: keys)
        defer { server.end() }
        let client = try endpoint("benchmark-client", .operator)
        let measured = try await benchmark.measure(try server.listening(), from: client)
        await client.close()
        guard !json else { return try Output.json(measured) }
        Output.line(
            String(
                format: "rpc over %@: a call in %.0f µs (99th percentile %.0f), %.0f calls/s at once, "
                    + "1 MiB there and back at %.2f GB/s, 64 MiB one way at %.2f GB/s",
                measured.address, measured.unaryMedianMicroseconds, measured.unary99thMicroseconds,
                measured.callsPerSecond, measured.echoBytesPerSecond / 1e9, measured.transferBytesPerSecond / 1e9))
    }

    private func endpoint(_ name: String, _ role: Role) throws -> Endpoint {
        guard let keys else { return try Endpoint(name: name) }
        let transport = try ProcessKeys.transport(name: name, role: role, keys: keys, log: Logger(label: name))
        return try Endpoint(name: name, role: role.rawValue, transport: transport)
    }

    /// The other process: says where it listens, and ends with its standard input.
    private func runServer() async throws {
        let shutdown = Shutdown()
        ParentWatch.start(shutdown)
        let endpoint = try endpoint("benchmark-server", .coordinator)
        let listener = try await endpoint.listen(
            address, services: StandardServices(of: endpoint).beside([RPCBenchmark.service], of: endpoint))
        Output.line(listener.address)
        fflush(nil)
        await shutdown.wait()
        await endpoint.close()
    }

    /// This program, started as the server.
    private struct Server {
        private let process = Process()
        private let input = Pipe()
        private let output = Pipe()

        init(_ address: String, keys: String?) throws {
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments =
                ["bench", "rpc", "--serve", "--address", address] + (keys.map { ["--keys", $0] } ?? [])
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// Where it listens, once it does.
        func listening() throws -> String {
            let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            guard let line = text.split(separator: "\n").first else {
                throw ServiceError("the benchmark's server did not start")
            }
            return String(line)
        }

        func end() {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
    }

    private func open(_ sessions: Int) async throws {
        var benchmark = SessionBenchmark()
        benchmark.sessions = sessions
        let measured = try await benchmark.run(address: address)
        guard !json else { return try Output.json(measured) }
        Output.line(String(format: "%d sessions with keys in %.2f s", measured.sessions, measured.seconds))
    }
}
