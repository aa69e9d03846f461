import Foundation

/// A program that is asked for contrasting prompts: where a user plugs in a language model.
///
/// It gets one line of JSON for each prompt, `{"prompt": "a dog"}`, and answers with one, `{"contrasts": ["a cat", …]}` or
/// `{"error": "why not"}`. It runs until standard input ends. What it has said is remembered.
///
/// `@unchecked Sendable`: everything that changes is under the lock.
final class CommandContrasts: ContrastSource, @unchecked Sendable {
    private struct Running {
        let process: pid_t
        /// Its standard input and output.
        let socket: Int32
    }

    private struct Answer: Decodable {
        var contrasts: [String]?
        var error: String?
    }

    private let command: String
    private let seconds: Double
    private let lock = NSLock()
    private var running: Running?
    private var known: [String: [String]] = [:]
    private static let longestAnswer = 1 << 20

    var version: String { "command \(command)" }

    /// - Parameters:
    ///   - command: for the shell.
    ///   - seconds: how long an answer may take.
    init(_ command: String, seconds: Double) {
        (self.command, self.seconds) = (command, seconds)
    }

    deinit { stop() }

    func contrasts(to prompt: String) throws(ContrastError) -> [String] {
        lock.lock()
        defer { lock.unlock() }
        if let known = known[prompt] { return known }
        let line: [UInt8]
        do throws(ContrastError) { line = try ask(prompt) } catch {
            // A program that is out of step would give the answer to another prompt.
            stop()
            throw error
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(line)) else {
            stop()
            throw fault(
                "answers what is no JSON object with contrasts: \(String(decoding: line.prefix(80), as: UTF8.self))")
        }
        guard let contrasts = answer.contrasts else { throw fault("says: \(answer.error ?? "nothing")") }
        known[prompt] = contrasts
        return contrasts
    }

    private func fault(_ what: String, isPassing: Bool = false) -> ContrastError {
        let line = "the command '\(command)' \(what)".split(separator: "\n").joined(separator: " ")
        return ContrastError(description: line, isPassing: isPassing)
    }

    private func ask(_ prompt: String) throws(ContrastError) -> [UInt8] {
        let running: Running
        if let known = self.running { running = known } else { running = try start() }
        self.running = running
        guard let json = try? JSONEncoder().encode(["prompt": prompt]) else { throw fault("cannot be asked") }
        var line = Array(json) + [UInt8(ascii: "\n")]
        while !line.isEmpty {
            // Not `write`: a program that has ended must not end this one by SIGPIPE.
            let count = send(running.socket, line, line.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { throw fault("has ended", isPassing: true) }
            line.removeFirst(count)
        }
        return try answer(running)
    }

    private func answer(_ running: Running) throws(ContrastError) -> [UInt8] {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while line.last != UInt8(ascii: "\n") {
            let left = (deadline - .now) / .milliseconds(1)
            var wanted = pollfd(fd: running.socket, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&wanted, 1, Int32(min(left + 1, 1e9))) > 0 else {
                throw fault("does not answer within \(seconds) s", isPassing: true)
            }
            let count = read(running.socket, &piece, piece.count)
            guard count > 0 else { throw fault("has ended without an answer", isPassing: true) }
            line += piece[..<count]
            guard line.count <= Self.longestAnswer else { throw fault("answers more than \(Self.longestAnswer) bytes") }
        }
        return line
    }

    private func start() throws(ContrastError) -> Running {
        // A pair of sockets instead of two pipes: writing to them can be told not to raise a signal.
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw fault("cannot be started: \(String(cString: strerror(errno)))", isPassing: true)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in [0, 1] { posix_spawn_file_actions_adddup2(&actions, ends[1], descriptor) }
        // A group of its own, so that what the shell starts can be ended with it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sh"), strdup("-c"), strdup(command), nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let status = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ)
        guard status == 0 else {
            close(ends[0])
            throw fault("cannot be started: \(String(cString: strerror(status)))", isPassing: true)
        }
        return Running(process: process, socket: ends[0])
    }

    private func stop() {
        guard let running else { return }
        close(running.socket)
        // It has nothing to lose, and may be stuck.
        kill(-running.process, SIGKILL)
        waitpid(running.process, nil, 0)
        self.running = nil
    }
}
