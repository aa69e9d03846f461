import ArgumentParser
import RewardService
import ServiceRuntime

@main
struct RewardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "atelier-reward", abstract: "Scores pictures for a run, or for whoever asks.")

    @Option(help: "What the service is called in the fleet.")
    var name = "reward"
    @Option(help: "Which reward, for example checker, jpeg-compressibility?quality=95, or a tree in YAML.")
    var spec: String
    @Option(help: "Where to serve: ipc:///folder/socket or tcp://127.0.0.1:port.")
    var address = "tcp://127.0.0.1:0"
    @Option(
        help: "HOST or HOST:PORT by which the learner finds it, for an address such as tcp://0.0.0.0:4000."
    )
    var advertise: String?
    @Option(help: "The coordinator's control socket; without one the service stands alone.")
    var coordinator = ""
    @Option(help: "Seconds that the coordinator may be out of reach.")
    var patience = 10
    @Option(help: "A folder of keys that `atelier keys init` made, or one key's file.")
    var keys: String?
    @Option(help: "The most pictures that the model gets at once.")
    var batch = 16
    @Option(help: "Milliseconds that a picture waits for others while the model is idle.")
    var batchWait = 5
    @Option(help: "The most pictures that may wait; who comes then is told to come again.")
    var queue = 4096
    @Option(help: "Compute threads; all processors if not given.")
    var threads: Int?
    @Option(help: "Least severe messages that are logged.")
    var logLevel = "info"
    @Flag(help: "Stop when standard input ends, which it does when the process that started this one has ended.")
    var withParent = false

    func validate() throws {
        for (name, value) in [("batch", batch), ("queue", queue), ("threads", threads ?? 1)] where value < 1 {
            throw ValidationError("--\(name) \(value): at least 1 is needed")
        }
        guard batchWait >= 0 else { throw ValidationError("--batch-wait \(batchWait): 0 or more milliseconds") }
    }

    static func main() async {
        await Program.run(Self.self)
    }

    func run() async throws {
        var options = RewardService.Options(name: name, spec: spec, address: address, coordinator: coordinator)
        options.patience = .seconds(patience)
        options.keys = keys
        (options.batch, options.queue) = (batch, queue)
        options.batchWait = .milliseconds(batchWait)
        if let threads { options.threads = threads }
        let service = RewardService(options)
        await ServiceProcess.run("atelier-reward", level: logLevel, withParent: withParent) {
            try await service.run($0, $1)
        }
    }
}
