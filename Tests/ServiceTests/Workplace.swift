import Foundation
import ServiceRuntime

/// A folder of one test with a tiny model in it, and the programs under test; all of it is gone with the test.
final class Workplace: Sendable {
    /// How a program ended, and what it printed.
    struct Ended {
        let ending: ChildProcess.Ending
        let output: String
        let error: String

        /// The last line on standard error.
        var lastLine: String { error.split(separator: "\n").last.map(String.init) ?? "" }

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }
    }

    /// A program that is running.
    struct Running {
        let child: ChildProcess
        fileprivate let output: URL
        fileprivate let error: URL

        func ended() async -> Ended {
            let ending = await child.wait()
            return Ended(ending: ending, output: Self.text(output), error: Self.text(error))
        }

        /// What is on standard error so far.
        var errorSoFar: String { Self.text(error) }

        /// What is on standard output so far.
        var outputSoFar: String { Self.text(output) }

        /// Removes what it has printed, when there is too much of it to keep.
        func forget() {
            for file in [output, error] { try? FileManager.default.removeItem(at: file) }
        }

        private static func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
    }

    let folder: URL
    var model: URL { folder.appending(path: "model") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "service-test-\(UUID().uuidString.prefix(8))")
        // Private, because sockets may be bound in it.
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try TinyModel.write(to: folder.appending(path: "model"))
    }

    deinit {
        // Somebody who removes a file at the same time (SQLite its log, when it closes) makes it give up half-way.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: folder.path) {
            try? FileManager.default.removeItem(at: folder)
        }
    }

    /// Where the programs are: beside the test's own.
    static var programs: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func contents(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    /// Writes a configuration of a short run.
    ///
    /// - Returns: its path.
    @discardableResult
    func configure(rounds: Int = 3, _ more: String = "", name: String = "run.yaml") throws -> String {
        let text = """
            run: test
            model: \(model.path)
            rounds: \(rounds)
            prompts: [a green colored rabbit]
            sampling: {samplesPerRound: 6, samplesPerUnit: 2, steps: 3}
            rewards: [{name: main, spec: jpeg-compressibility}]
            fleet: {samplers: 1, learnerThreads: 1}
            checkpoints: {every: 50, gridColumns: 2}
            leases: {silenceSeconds: 5, seconds: 20}
            \(more)
            """
        try Data(text.utf8).write(to: folder.appending(path: name))
        return path(name)
    }

    /// Starts a program.
    func start(_ program: String, _ arguments: [String]) throws -> Running {
        let number = UUID().uuidString.prefix(8)
        let name = URL(fileURLWithPath: program).lastPathComponent
        let output = folder.appending(path: "\(name)-\(number).out")
        let error = folder.appending(path: "\(name)-\(number).err")
        let path = program.hasPrefix("/") ? program : Self.programs.appending(path: program).path
        let child = try ChildProcess(
            name: name, program: path, arguments: arguments, output: output.path, log: error.path)
        return Running(child: child, output: output, error: error)
    }

    /// Runs a program to its end.
    func run(_ program: String, _ arguments: [String]) async throws -> Ended {
        try await start(program, arguments).ended()
    }

    /// Runs `atelier`.
    func atelier(_ arguments: String...) async throws -> Ended { try await run("atelier", arguments) }

    /// Waits until something is so; asks ten times a second, for half a minute.
    func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        for _ in 0..<300 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Waited(description: "waited in vain until \(what)")
    }

    struct Waited: Error, CustomStringConvertible {
        let description: String
    }

    /// The processes that work for a run's folder.
    func processes(of run: String) throws -> [(identifier: pid_t, command: String)] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard let identifier = pid_t(name),
                let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/cmdline"))
            else { return nil }
            let command = String(decoding: line, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            let isOurs = command.contains("atelier-") && command.contains(path(run) + "/config.yaml")
            return isOurs ? (identifier, command) : nil
        }
    }
}
