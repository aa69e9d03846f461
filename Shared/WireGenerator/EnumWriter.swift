/// Writes an enum; a number that the schema does not know is kept as `unrecognized`.
struct EnumWriter {
    let access: String

    func write(_ enumeration: Schema.Enumeration, to source: inout SourceText) {
        let cases = enumeration.values.map { value in
            (Naming.enumCase(value.name, of: Naming.lastPart(enumeration.fullName)), value.number, value.comment)
        }
        source.documentation(enumeration.comment, otherwise: "`\(enumeration.fullName)`.")
        source.block("\(access) enum \(enumeration.simpleName): Sendable, Hashable") { source in
            for (name, _, comment) in cases {
                source.documentation(comment)
                source.line("case \(name)")
            }
            source.documentation("", otherwise: "A number that this version of the schema does not know.")
            source.line("case unrecognized(Int32)")
            source.line()
            source.documentation("", otherwise: "The value with a number of the .proto file.")
            source.block("\(access) init(number: Int32)") { source in
                source.block("switch number") { source in
                    for (name, number, _) in cases { source.line("case \(number): self = .\(name)") }
                    source.line("default: self = .unrecognized(number)")
                }
            }
            source.line()
            source.documentation("", otherwise: "The number in the .proto file.")
            source.block("\(access) var number: Int32") { source in
                source.block("switch self") { source in
                    for (name, number, _) in cases { source.line("case .\(name): \(number)") }
                    source.line("case .unrecognized(let number): number")
                }
            }
        }
    }
}
