public import ArgumentParser
import Foundation

/// A program's way from its arguments to its exit code.
public enum Program {
    /// Parses the arguments, runs the command that they name, and ends the process.
    ///
    /// Arguments that make no sense end it with exit code 2, `ServiceError`s with theirs, everything else with 1; each
    /// with one line on standard error.
    public static func run(_ root: (some ParsableCommand).Type) async -> Never {
        var command: any ParsableCommand
        do {
            command = try root.parseAsRoot()
        } catch {
            finish(root, error)
        }
        let name = root.configuration.commandName ?? "atelier"
        let code: ExitCode
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            code = .done
        } catch let error as ServiceError {
            code = error.exitCode
            if !error.description.isEmpty { report(name, error.description) }
        } catch let error as CleanExit {
            finish(root, error)
        } catch let error as ArgumentParser.ValidationError {
            finish(root, error)
        } catch where root.exitCode(for: error).isSuccess {
            // The help of a command, which is thrown like an error.
            finish(root, error)
        } catch {
            code = .failed
            report(name, ServiceProcess.oneLine(error))
        }
        fflush(nil)
        _exit(code.rawValue)
    }

    /// Ends the process as the argument parser would, but for the exit code of a usage error.
    private static func finish(_ root: (some ParsableCommand).Type, _ error: any Error) -> Never {
        let code = root.exitCode(for: error)
        let message = root.fullMessage(for: error)
        if code.isSuccess {
            print(message)
            exit(0)
        }
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(ExitCode.usage.rawValue)
    }

    private static func report(_ name: String, _ message: String) {
        FileHandle.standardError.write(Data("\(name): error: \(message)\n".utf8))
    }
}
