import Foundation
public import Logging
import RPC

/// A service's process: log to standard error, signals, the parent's end, errors as one line, exit codes.
public enum ServiceProcess {
    /// Sets up the process, runs the body, and ends the process with its exit code.
    ///
    /// - Parameters:
    ///   - name: the program's, as in `atelier-learner`; it begins the line of an error.
    ///   - level: the least severe messages that are logged.
    ///   - withParent: whether to stop when the process that started this one is gone.
    ///   - body: returns when the service has stopped. It has to stop soon after the shutdown is requested.
    public static func run(
        _ name: String, level: String, withParent: Bool,
        _ body: @Sendable (Shutdown, Logger) async throws -> Void
    ) async -> Never {
        guard let level = Logger.Level(rawValue: level) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, "there is no log level '\(level)'; there are: \(levels)")
            exit(ExitCode.usage.rawValue)
        }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            // What is said in a call can be found at the other end, and at the next one.
            handler.metadataProvider = Logger.MetadataProvider {
                TraceContext.current.map { ["trace": "\($0.traceText)"] } ?? [:]
            }
            return handler
        }
        let shutdown = Shutdown()
        let watch = SignalWatch(shutdown)
        if withParent { ParentWatch.start(shutdown) }
        let code = await exitCode(name) { try await body(shutdown, Logger(label: name)) }
        withExtendedLifetime(watch) {}
        // Not `exit`: other threads may still compute, and must not meet what its handlers take down.
        fflush(nil)
        _exit(code.rawValue)
    }

    /// Runs a body and turns what it throws into a line on standard error and an exit code.
    public static func exitCode(_ name: String, _ body: () async throws -> Void) async -> ExitCode {
        do {
            try await body()
            return .done
        } catch let error as ServiceError {
            report(name, error.description)
            return error.exitCode
        } catch {
            report(name, oneLine(error))
            return .failed
        }
    }

    /// An error in one line.
    public static func oneLine(_ error: any Error) -> String {
        "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func report(_ name: String, _ message: String) {
        FileHandle.standardError.write(Data("\(name): error: \(message)\n".utf8))
    }
}
