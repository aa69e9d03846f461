import ArgumentParser
import Foundation
import SamplerService
import ServiceRuntime
import TensorCore

@main
struct SamplerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "atelier-sampler", abstract: "Draws pictures for a run. It only dials out.")

    @Option(help: "Path of the run's configuration.")
    var config: String
    @Option(help: "What the sampler is called in the fleet.")
    var name = "sampler"
    @Option(help: "The coordinator's control socket.")
    var coordinator: String
    @Option(help: "Seconds that the coordinator may be out of reach.")
    var patience = 10
    @Option(help: "A folder of keys that `atelier keys init` made, or one key's file.")
    var keys: String?
    @Option(
        help: "A folder, mode 0700, in which the samplers of this host share adapters; by default one of this user.")
    var relayFolder: String?
    @Option(help: "Least severe messages that are logged.")
    var logLevel = "info"
    @Flag(help: "Stop when standard input ends, which it does when the process that started this one has ended.")
    var withParent = false

    static func main() async {
        ProcessorTuning.apply()
        await Program.run(Self.self)
    }

    func run() async throws {
        await ServiceProcess.run("atelier-sampler", level: logLevel, withParent: withParent) { shutdown, log in
            var options = SamplerService.Options(name: name, coordinator: coordinator)
            options.patience = .seconds(patience)
            options.keys = keys
            options.relayFolder = relayFolder.map { URL(fileURLWithPath: $0) }
            try await SamplerService(ConfigurationFile.read(config), options).run(shutdown, log)
        }
    }
}
