import Foundation

/// Standard output and standard error.
enum Output {
    /// Prints a value as one JSON object.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Prints a line on standard output.
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Prints text on standard error as it is.
    static func error(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
