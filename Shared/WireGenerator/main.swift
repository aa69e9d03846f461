import Foundation

// WireGenerator DESCRIPTOR_SET OUTPUT_FOLDER public|package FILE.proto…
//
// Writes one Swift file for each top-level message, enum and service of the named files.
//
// WireGenerator DESCRIPTOR_SET OUTPUT_FOLDER public|package --schema
//
// Writes the descriptor set itself, for reflection.

let arguments = CommandLine.arguments
guard arguments.count >= 5 else {
    fail("usage: WireGenerator DESCRIPTOR_SET OUTPUT_FOLDER public|package FILE.proto…")
}
do {
    if arguments[4] == "--schema" {
        let text = DescriptorWriter(access: arguments[3]).write(
            try Data(contentsOf: URL(fileURLWithPath: arguments[1])))
        let folder = URL(fileURLWithPath: arguments[2]).appendingPathComponent("Schema")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appendingPathComponent("WireSchema.swift"))
        exit(0)
    }
    let schema = try SchemaReader.read(Array(try Data(contentsOf: URL(fileURLWithPath: arguments[1]))))
    let outputs = try Generator(schema: schema, access: arguments[3]).generate(files: Array(arguments[4...]))
    for (name, text) in outputs {
        let url = URL(fileURLWithPath: arguments[2]).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
} catch {
    fail("\(error)")
}

private func fail(_ line: String) -> Never {
    FileHandle.standardError.write(Data("WireGenerator: \(line)\n".utf8))
    exit(1)
}
