import ArgumentParser
import CoordinatorService
import Foundation
import ServiceRuntime

@main
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "atelier-coordinator", abstract: "Keeps the books of a run and takes orders from the command line."
    )

    @Option(help: "Path of the run's configuration.")
    var config: String
    @Option(help: "The run's folder; a run whose ledger is in it goes on.")
    var out: String
    @Option(help: "Where workers dial: ipc:///folder/socket or tcp://127.0.0.1:port.")
    var control = "tcp://127.0.0.1:0"
    @Option(help: "Where the command line dials.")
    var admin = "tcp://127.0.0.1:0"
    @Option(help: "A folder of keys that `atelier keys init` made, or one key's file.")
    var keys: String?
    @Option(help: "Least severe messages that are logged.")
    var logLevel = "info"
    @Option(help: "A folder that is removed at the end: `atelier run` has its sockets there, and may be killed.")
    var temporaryFolder: String?
    @Flag(help: "Go on answering after the run, until told to stop.")
    var linger = false
    @Flag(help: "Stop when standard input ends, which it does when the process that started this one has ended.")
    var withParent = false

    static func main() async {
        await Program.run(Self.self)
    }

    func run() async throws {
        await ServiceProcess.run("atelier-coordinator", level: logLevel, withParent: withParent) { shutdown, log in
            var options = CoordinatorService.Options(
                controlAddress: control, adminAddress: admin, folder: URL(fileURLWithPath: out))
            defer { if let temporaryFolder { try? FileManager.default.removeItem(atPath: temporaryFolder) } }
            options.lingers = linger
            options.keys = keys
            try await CoordinatorService(ConfigurationFile.read(config), options).run(shutdown, log)
        }
    }
}
