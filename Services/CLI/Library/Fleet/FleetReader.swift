import Foundation
import Ledger
import Logging
import RPC
import ServiceRuntime

/// A process that fetches adapters as a sampler does, whenever it is told to.
final class FleetReader: Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    init(_ place: FleetPlace, learner: String, relay: String) throws {
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["bench", "fleet", "--keys", place.keys.url.path, "--reader", learner, "--relay", relay]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        (self.process, self.input, self.output) = (process, input.fileHandleForWriting, output.fileHandleForReading)
    }

    /// Returns when the process has the adapter.
    func fetch(_ policy: PublishedPolicy) async throws {
        try input.write(contentsOf: Data("\(policy.version) \(policy.sha256) \(policy.modules)\n".utf8))
        let output = output
        // Reads on a thread of its own, not one of the tasks'.
        let answer = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: output.availableData) }
        }
        guard answer == Data("\(policy.version)\n".utf8) else {
            throw ServiceError(
                "a reader says '\(String(decoding: answer, as: UTF8.self))' to version \(policy.version)")
        }
    }

    func end() {
        try? input.close()
        process.waitUntilExit()
    }

    /// The process itself: reads versions from standard input until its end.
    static func serve(_ endpoint: Endpoint, learner: String, relay: URL, log: Logger) async throws {
        let feed = AdapterFeed(endpoint, folder: relay, log: log)
        await feed.follow(learner)
        let (lines, input) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            while let line = readLine() { input.yield(line) }
            input.finish()
        }
        for await line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, let version = Int(words[0]), let modules = Int(words[2]) else { break }
            _ = try await feed.adapter(PublishedPolicy(version: version, sha256: words[1], modules: modules))
            Output.line("\(version)")
        }
        await feed.close()
        await endpoint.close()
    }
}
