import ArgumentParser
import Foundation
import LearnerService
import ServiceRuntime
import TensorCore

@main
struct LearnerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "atelier-learner", abstract: "Has pictures scored, trains the adapter, publishes it.")

    @Option(help: "Path of the run's configuration.")
    var config: String
    @Option(help: "The run's folder; the last checkpoint in it is gone on from.")
    var out: String
    @Option(help: "Where samplers dial: ipc:///folder/socket or tcp://127.0.0.1:port.")
    var address = "tcp://127.0.0.1:0"
    @Option(
        help: "HOST or HOST:PORT by which samplers find it, for an address such as tcp://0.0.0.0:4000."
    )
    var advertise: String?
    @Option(help: "The coordinator's control socket.")
    var coordinator: String
    @Option(help: "Seconds that the coordinator may be out of reach.")
    var patience = 10
    @Option(help: "A folder of keys that `atelier keys init` made, or one key's file.")
    var keys: String?
    @Option(help: "Least severe messages that are logged.")
    var logLevel = "info"
    @Flag(help: "Stop when standard input ends, which it does when the process that started this one has ended.")
    var withParent = false

    static func main() async {
        ProcessorTuning.apply()
        await Program.run(Self.self)
    }

    func run() async throws {
        await ServiceProcess.run("atelier-learner", level: logLevel, withParent: withParent) { shutdown, log in
            var options = LearnerService.Options(
                address: address, coordinator: coordinator, folder: URL(fileURLWithPath: out))
            options.patience = .seconds(patience)
            options.keys = keys
            options.advertised = advertise
            try await LearnerService(ConfigurationFile.read(config), options).run(shutdown, log)
        }
    }
}
