import ArgumentParser
import Foundation
import Logging
import RPC
import ServiceRuntime
import Wire

/// Which running stack is meant, and how its answer is printed.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The coordinator's admin socket; without it the run of --run is meant.")
    var address: String?
    @Option(help: "The run's folder.")
    var run = "runs/latest"
    @Option(help: "A folder of keys or one key's file; a local run's are found without it.")
    var keys: String?
    @Flag(help: "Print one JSON object and nothing else on standard output.")
    var json = false

    /// Calls the coordinator.
    ///
    /// - Throws: `ServiceError` that names the address: exit code 3 if the coordinator refuses, else 1.
    func call<Result>(_ body: (AdminClient) async throws -> Result) async throws -> Result {
        let address = try adminAddress()
        let endpoint = try ProcessKeys.endpoint(
            name: "atelier", role: nil, keys: keys, dials: [address], log: Logger(label: "atelier"))
        do {
            return try await body(AdminClient(endpoint.channel(address, services: [])))
        } catch let status as RPCStatus {
            switch status.code {
            case .failedPrecondition, .notFound, .permissionDenied, .invalidArgument, .unauthenticated:
                throw ServiceError(status.message, exitCode: .refused)
            default:
                throw ServiceError("no run answers at \(address): \(status.message)")
            }
        }
    }

    private func adminAddress() throws -> String {
        if let address { return address }
        let file = RunFolder.addressFile(in: URL(fileURLWithPath: run))
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw ServiceError("no run to talk to: \(file.path) is missing; name one with --run or --address")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension CallOptions {
    /// A command waits so long for the coordinator.
    static let command = CallOptions(timeout: .seconds(10))
}
