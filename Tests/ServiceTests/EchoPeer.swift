import Foundation
import Messaging
import RPC
import Testing
import Wire

/// A server of echoes in a process of its own, and a session with it.
struct EchoPeer {
    let place: Workplace
    let address: String
    let server: Workplace.Running
    let client: Endpoint
    let session: Session
    var echo: EchoClient { EchoClient(session) }

    /// Starts the server.
    ///
    /// The environment is variables of the server alone, as NAME=VALUE.
    init(environment: [String] = []) async throws {
        place = try Workplace()
        let program = Workplace.programs.appending(path: "atelier").path
        // A pipe that nobody writes to is the standard input of a child; the server ends with it.
        let server = try place.start(
            "/usr/bin/env",
            environment + [program, "bench", "rpc", "--serve", "--address", "ipc://\(place.path("echo"))"])
        try await place.until("the server listens") { server.outputSoFar.contains("\n") }
        self.server = server
        self.address = server.outputSoFar.trimmingCharacters(in: .whitespacesAndNewlines)
        client = try Endpoint(name: "client")
        session = try await client.dial(self.address)
    }

    /// How the server sees its sessions.
    func sessions() async throws -> [IntrospectionSession] {
        try await IntrospectionClient(session).sessions(IntrospectionSessionsRequest()).message.sessions
    }

    /// How a call fails after the server is killed in the middle of something, and how long that takes.
    ///
    /// The closure is called right after.
    func failure(
        of call: Task<Void, any Error>, afterKillingTheServerIn what: String, then release: () -> Void = {}
    ) async throws -> RPCStatus? {
        let start = ContinuousClock.now
        server.child.kill()
        release()
        let status = await #expect(throws: RPCStatus.self) { try await call.value }
        let time = ContinuousClock.now - start
        print("server killed in \(what): the caller knew after \(time)")
        // Alone on a machine it is a few milliseconds; the lease would be five seconds.
        #expect(time < .seconds(2), "\(what): \(time)")
        return status
    }

    func end() async {
        server.child.kill()
        _ = await server.ended()
        await client.close()
    }
}

extension Workplace.Running {
    /// Stops the process, and waits until all its threads stand still: one that runs a moment longer may yet answer.
    func suspend() async throws {
        kill(child.processID, SIGSTOP)
        let folder = "/proc/\(child.processID)/task"
        for _ in 0..<3000 {
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let areStill = threads.allSatisfy { thread in
                // The state follows the name in brackets.
                let line = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8)
                return line?.split(separator: ")").last?.dropFirst().first == "T"
            }
            // Of a process that has ended there are none.
            if areStill { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Workplace.Waited(description: "waited in vain until every thread of \(child.name) stands still")
    }

    /// Lets the process go on.
    func resume() { kill(child.processID, SIGCONT) }

    /// The processor time that it has used.
    var processorTime: Duration {
        let line = (try? String(contentsOfFile: "/proc/\(child.processID)/stat", encoding: .utf8)) ?? ""
        let words = line.split(separator: ")").last?.split(separator: " ") ?? []
        guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else { return .zero }
        return .seconds((user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }
}
