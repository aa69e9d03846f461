import Foundation
import TensorCore

/// Files under `Tests/Fixtures/safetensors` and in folders that last as long as a closure.
enum SafeTensorsFixture {
    static func path(_ name: String, from file: String = #filePath) -> String {
        let tests = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Fixtures/safetensors/\(name)").path
    }

    static func types() throws -> SafeTensorsFile {
        try SafeTensorsFile(path: path("types.safetensors"))
    }

    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("safetensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }

    static func open<Result>(_ bytes: Data, _ body: (SafeTensorsFile) throws -> Result) throws -> Result {
        try withFolder { folder in
            let path = "\(folder)/x.safetensors"
            try bytes.write(to: URL(fileURLWithPath: path))
            return try body(SafeTensorsFile(path: path))
        }
    }
}
