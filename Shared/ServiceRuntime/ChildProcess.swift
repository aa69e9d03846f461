import Foundation
import Synchronization

/// A process that this one has started and ends.
///
/// Its standard input is a pipe that nothing is written to: see `ParentWatch`. It leads a process group of its own, so
/// that Ctrl-C on a terminal reaches only the process in front, which then stops the others in order.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        public var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .killed(let signal): "signal \(signal)"
            }
        }
    }

    private struct State {
        var ending: Ending?
        var waiters: [CheckedContinuation<Ending, Never>] = []
    }

    public let name: String
    public let processID: pid_t
    private let lifeline: Int32
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// Standard output goes to the file `output`, standard error is appended to `log`; nil is this process's own.
    /// Throws `ServiceError` that names the program or the log.
    public init(name: String, program: String, arguments: [String], output: String? = nil, log: String?) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ServiceError("cannot make a pipe: \(Self.reason())") }
        defer { Glibc.close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        for (path, descriptor) in [(output, Int32(1)), (log, Int32(2))] {
            guard let path else { continue }
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that this process ignores or blocks must reach the child.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGTERM, SIGINT, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var argumentPointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        argumentPointers.append(nil)
        defer { for pointer in argumentPointers { free(pointer) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, program, &actions, &attributes, argumentPointers, environ)
        guard code == 0 else {
            Glibc.close(ends[1])
            throw ServiceError(
                "cannot start \(program)\(log.map { " with log \($0)" } ?? ""): \(String(cString: strerror(code)))")
        }
        self.name = name
        processID = identifier
        lifeline = ends[1]
        let thread = Thread { [self] in reap() }
        thread.name = "child \(name)"
        thread.start()
    }

    /// How it ended; nil as long as it runs.
    public var ending: Ending? { state.withLock(\.ending) }

    /// Asks it to stop.
    ///
    /// Nothing happens if it has ended.
    public func terminate() { send(SIGTERM) }

    /// Ends it at once.
    public func kill() { send(SIGKILL) }

    /// Waits until it has ended.
    public func wait() async -> Ending {
        await withCheckedContinuation { continuation in
            let ending = state.withLock { state -> Ending? in
                if state.ending == nil { state.waiters.append(continuation) }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    /// Asks it to stop and ends it if it has not within a time.
    public func stop(within patience: Duration) async {
        terminate()
        let killer = Task {
            try await Task.sleep(for: patience)
            kill()
        }
        _ = await wait()
        killer.cancel()
    }

    private func send(_ number: Int32) {
        // Under the lock: once the ending is known the number may belong to another process.
        state.withLock { state in
            if state.ending == nil { _ = Glibc.kill(processID, number) }
        }
    }

    private func reap() {
        // Waits without reaping first, so that `send` cannot reach a process that took the number over.
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let waiters = state.withLock { state in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            state.ending = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
            defer { state.waiters = [] }
            return state.waiters
        }
        Glibc.close(lifeline)
        for waiter in waiters {
            waiter.resume(returning: ending ?? .exited(0))
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
