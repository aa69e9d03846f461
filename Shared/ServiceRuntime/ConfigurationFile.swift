import Foundation
public import RunConfiguration

/// Configurations as files.
public enum ConfigurationFile {
    /// Reads a run's configuration.
    ///
    /// - Throws: `ServiceError` with exit code `usage` that names the file and the key.
    public static func read(_ path: String, overrides: [String] = []) throws(ServiceError) -> RunConfiguration {
        let text = try text(path, called: "configuration")
        do {
            return try RunConfiguration(yaml: text, overrides: overrides)
        } catch {
            throw ServiceError("\(path): \(error)", exitCode: .usage)
        }
    }

    /// Reads a file of settings.
    ///
    /// - Throws: `ServiceError` with exit code `usage` that names the file by what it is `called`.
    public static func text(_ path: String, called: String) throws(ServiceError) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ServiceError("cannot read the \(called) \(path): \(reason(path))", exitCode: .usage)
        }
    }

    private static func reason(_ path: String) -> String {
        guard access(path, R_OK) != 0 else { return "it is not UTF-8 text" }
        return String(cString: strerror(errno))
    }
}
