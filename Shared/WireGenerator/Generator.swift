/// Turns files of a schema into Swift sources.
struct Generator {
    let schema: Schema
    let access: String

    private var catalogueName: String { access == "public" ? "WireCatalogue" : "HeadCatalogue" }

    /// The list of all message types, for what is to be done with each of them.
    private func catalogue(_ messages: [String]) -> String {
        var source = SourceText()
        source.line("// Written by WireGenerator. Do not edit: run protos/generate.sh.")
        source.line()
        source.line("import Messaging")
        source.line()
        source.documentation("", otherwise: "The messages that are declared at the top level of the .proto files.")
        source.block("\(access) enum \(catalogueName)") { source in
            source.documentation("", otherwise: "Their types, by name.")
            source.line("\(access) static let messages: [any WireMessage.Type] = [")
            for message in messages { source.line("    \(message).self,") }
            source.line("]")
        }
        return source.text
    }

    /// The sources by their path under the output folder, sorted.
    ///
    /// - Throws: ``GeneratorError`` for an unknown file, or when two things would have the same Swift name.
    func generate(files names: [String]) throws -> [(name: String, text: String)] {
        var outputs: [String: String] = [:]
        func add(_ type: String, of file: Schema.File, _ imports: [String], _ write: (inout SourceText) throws -> Void)
            throws
        {
            let folder = file.name.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? file.package
            let path = "\(Naming.upperFirst(folder))/\(type).swift"
            guard !outputs.keys.contains(where: { $0.hasSuffix("/\(type).swift") }) else {
                throw GeneratorError("two declarations want the Swift name \(type): set `option swift_prefix`")
            }
            var source = SourceText()
            source.line("// Written by WireGenerator from \(file.name). Do not edit: run protos/generate.sh.")
            source.line()
            for name in imports { source.line(name) }
            source.line()
            try write(&source)
            outputs[path] = source.text
        }
        for name in names {
            guard let file = schema.files.first(where: { $0.name == name }) else {
                throw GeneratorError("\(name) is not in the descriptor set")
            }
            let messageImports = ["internal import CProtobufC", "internal import CWire", "import Messaging"]
            for message in file.messages {
                try add(message.swiftName, of: file, messageImports) {
                    try MessageWriter(schema: schema, access: access).write(message, to: &$0)
                }
            }
            for enumeration in file.enums {
                try add(enumeration.swiftName, of: file, []) {
                    EnumWriter(access: access).write(enumeration, to: &$0)
                }
            }
            for service in file.services {
                try add("\(service.name)Service", of: file, ["import RPC"]) {
                    try ServiceWriter(schema: schema, access: access).write(service, to: &$0)
                }
            }
        }
        let messages = names.flatMap { name in
            schema.files.first { $0.name == name }?.messages.map(\.swiftName) ?? []
        }
        outputs["Schema/\(catalogueName).swift"] = catalogue(messages.sorted())
        return outputs.sorted { $0.key < $1.key }.map { (name: $0.key, text: $0.value) }
    }
}
