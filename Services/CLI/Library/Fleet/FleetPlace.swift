import Foundation
import Logging
import RPC
import ServiceRuntime

/// A folder with keys and sockets for a benchmark, gone with it.
struct FleetPlace: Sendable {
    let folder: URL
    let keys: KeyFolder

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "atelier-fleet-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        keys = KeyFolder(folder.appending(path: "keys"))
        try keys.make()
    }

    /// Says nothing but errors: output would be measured too.
    static var quietLog: Logger {
        var log = Logger(label: "fleet")
        log.logLevel = .error
        return log
    }

    var log: Logger { Self.quietLog }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func socket(_ name: String) -> String { "ipc://\(path(name))" }

    func endpoint(_ name: String, _ role: Role, binds: [String] = []) throws -> Endpoint {
        try ProcessKeys.endpoint(name: name, role: role, keys: keys.url.path, binds: binds, log: log)
    }

    /// This program, started for a part of the benchmark.
    func start(_ name: String, _ arguments: [String]) throws -> ChildProcess {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        return try ChildProcess(
            name: name, program: program, arguments: ["bench", "fleet", "--keys", keys.url.path] + arguments,
            output: nil, log: path("\(name).log"))
    }

    /// The processor time that a process has used, in seconds.
    static func processorSeconds(_ process: pid_t) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        // The name in parentheses may hold anything.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}
