import ArgumentParser
import Foundation
import Wire

/// Calls between two endpoints.
struct BenchRPC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc", abstract: "Calls between two endpoints of this process, over a socket.")

    @Option(help: "Where to listen.")
    var address = "tcp://127.0.0.1:0"
    @Option(help: "Calls one after another.")
    var calls = 2000
    @Option(help: "Large transfers one after another.")
    var transfers = 10
    @Option(help: "Open so many sessions with keys at once, and measure nothing else.")
    var sessions: Int?
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        for (name, value) in [("calls", calls), ("transfers", transfers), ("sessions", sessions ?? 1)] where value < 1 {
            throw ValidationError("--\(name) \(value): at least one is needed")
        }
    }

    func run() async throws {
        if let sessions { return try await open(sessions) }
        var benchmark = RPCBenchmark()
        benchmark.sequentialCalls = calls
        benchmark.transfers = transfers
        let measured = try await benchmark.run(address: address)
        guard !json else { return try Output.json(measured) }
        Output.line(
            String(
                format:
                    "rpc over %@: a call in %.0f µs (99th percentile %.0f), %.0f calls/s at once, %.2f GB/s of attachments",
                measured.address, measured.unaryMedianMicroseconds, measured.unary99thMicroseconds,
                measured.callsPerSecond, measured.transferBytesPerSecond / 1e9))
    }

    private func open(_ sessions: Int) async throws {
        var benchmark = SessionBenchmark()
        benchmark.sessions = sessions
        let measured = try await benchmark.run(address: address)
        guard !json else { return try Output.json(measured) }
        Output.line(String(format: "%d sessions with keys in %.2f s", measured.sessions, measured.seconds))
    }
}
