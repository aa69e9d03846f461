/// What a process of Atelier tells its caller.
public enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    /// The request was understood and is refused; the reason is on standard error.
    case refused = 3
}

/// An error that ends a process: one line and an exit code.
public struct ServiceError: Error, Hashable, Sendable, CustomStringConvertible {
    public let exitCode: ExitCode
    /// Names the thing (path, key, address, peer) and what is wrong with it.
    public let description: String

    public init(_ description: String, exitCode: ExitCode = .failed) {
        self.exitCode = exitCode
        self.description = description
    }
}
