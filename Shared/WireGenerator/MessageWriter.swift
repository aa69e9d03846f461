/// Writes a message as a Swift struct with its bridges to the C struct.
struct MessageWriter {
    let schema: Schema
    let access: String

    /// One member of the Swift struct: a field, or a oneof.
    private enum Member {
        case field(Schema.Field)
        /// A oneof of one field, which is how proto3 says optional to protoc-c.
        case optional(Schema.Field, oneof: String)
        case oneof(name: String, [Schema.Field])
    }

    func write(_ message: Schema.Message, to source: inout SourceText) throws {
        try writeStruct(message, to: &source)
        try writeBridges(message, to: &source)
    }

    // MARK: The struct

    private func writeStruct(_ message: Schema.Message, to source: inout SourceText) throws {
        source.documentation(message.comment, otherwise: "`\(message.fullName)`.")
        let members = members(of: message)
        try source.block("\(access) struct \(message.simpleName): Sendable, Hashable") { source in
            for enumeration in message.enums {
                EnumWriter(access: access).write(enumeration, to: &source)
                source.line()
            }
            for nested in message.messages where !nested.isMapEntry {
                try writeStruct(nested, to: &source)
                source.line()
            }
            for member in members {
                if case .oneof(let name, let fields) = member {
                    source.documentation("", otherwise: "One of the fields of `\(name)`.")
                    try source.block("\(access) enum \(Naming.upperFirst(Naming.lowerCamel(name))): Sendable, Hashable")
                    {
                        for field in fields {
                            $0.documentation(field.comment)
                            $0.line("case \(swiftName(field))(\(try elementType(field)))")
                        }
                    }
                    source.line()
                }
            }
            for member in members {
                if case .field(let field) = member { source.documentation(field.comment) }
                if case .optional(let field, _) = member { source.documentation(field.comment) }
                source.line("\(access) var \(name(member)): \(try type(member))")
            }
            source.line()
            source.documentation("", otherwise: "A message; every field may be left at its default.")
            let parameters = try members.map { "\(name($0)): \(try type($0)) = \(try defaultValue($0))" }
            if members.isEmpty {
                source.line("\(access) init() {}")
            } else {
                source.line("\(access) init() { self.init(\(name(members[0])): \(try defaultValue(members[0]))) }")
                source.line()
                source.documentation("", otherwise: "A message with the given fields.")
                source.block("\(access) init(\(parameters.joined(separator: ", ")))") {
                    for member in members { $0.line("self.\(name(member)) = \(name(member))") }
                }
            }
        }
    }

    private func members(of message: Schema.Message) -> [Member] {
        var result: [Member] = []
        for field in message.fields {
            guard let index = field.oneof else {
                result.append(.field(field))
                continue
            }
            let all = message.fields.filter { $0.oneof == index }
            guard all.first?.number == field.number else { continue }
            let name = message.oneofs[index]
            result.append(all.count == 1 ? .optional(field, oneof: name) : .oneof(name: name, all))
        }
        return result
    }

    private func swiftName(_ field: Schema.Field) -> String { Naming.escaped(Naming.lowerCamel(field.name)) }

    private func name(_ member: Member) -> String {
        switch member {
        case .field(let field), .optional(let field, _): swiftName(field)
        case .oneof(let name, _): Naming.escaped(Naming.lowerCamel(name))
        }
    }

    private func elementType(_ field: Schema.Field) throws -> String {
        switch field.type {
        case .scalar(let swift): swift
        case .bool: "Bool"
        case .string: "String"
        case .bytes: "[UInt8]"
        case .enumeration(let name): try schema.swiftName(ofEnum: name)
        case .message(let name): try schema.swiftName(ofMessage: name)
        }
    }

    /// The entry type of a map field, or nil.
    private func mapEntry(_ field: Schema.Field) -> Schema.Message? {
        guard case .message(let name) = field.type, let entry = schema.messages[name], entry.isMapEntry else {
            return nil
        }
        return entry
    }

    private func type(_ member: Member) throws -> String {
        switch member {
        case .field(let field):
            if let entry = mapEntry(field) {
                return "[\(try elementType(entry.fields[0])): \(try elementType(entry.fields[1]))]"
            }
            if field.isRepeated { return "[\(try elementType(field))]" }
            if case .message = field.type { return try elementType(field) + "?" }
            return try elementType(field)
        case .optional(let field, _): return try elementType(field) + "?"
        case .oneof(let name, _): return Naming.upperFirst(Naming.lowerCamel(name)) + "?"
        }
    }

    private func defaultValue(_ member: Member) throws -> String {
        guard case .field(let field) = member else { return "nil" }
        if mapEntry(field) != nil { return "[:]" }
        if field.isRepeated { return "[]" }
        switch field.type {
        case .scalar: return "0"
        case .bool: return "false"
        case .string: return "\"\""
        case .bytes: return "[]"
        case .enumeration(let name): return "\(try schema.swiftName(ofEnum: name))(number: 0)"
        case .message: return "nil"
        }
    }

    // MARK: The bridges

    private func writeBridges(_ message: Schema.Message, to source: inout SourceText) throws {
        let cType = Naming.cType(message.fullName)
        source.line()
        try source.block("extension \(message.swiftName): WireMessage") { source in
            source.calledClosure("\(access) static let wireDescriptor: WireDescriptor") {
                $0.line("var message = \(cType)()")
                $0.line("\(Naming.cLower(message.fullName))__init(&message)")
                $0.line("return WireDescriptor(message.base.descriptor)")
            }
            source.line()
            let members = members(of: message)
            try source.block("\(access) init(wire: UnsafeRawPointer)") { source in
                if !members.isEmpty { source.line("let c = wire.assumingMemoryBound(to: \(cType).self).pointee") }
                source.line("self.init()")
                for member in members { try writeRead(member, to: &source) }
            }
            source.line()
            try source.block("\(access) func fill(wire: UnsafeMutableRawPointer, in arena: WireArena)") { source in
                if !members.isEmpty { source.line("let c = wire.assumingMemoryBound(to: \(cType).self)") }
                for member in members { try writeFill(member, to: &source) }
            }
        }
        for nested in message.messages where !nested.isMapEntry { try writeBridges(nested, to: &source) }
    }

    private func writeRead(_ member: Member, to source: inout SourceText) throws {
        switch member {
        case .field(let field):
            source.line("\(swiftName(field)) = \(try readMember(field))")
        case .optional(let field, let oneof):
            source.line(
                "if c.\(Naming.cField(oneof + "_case")).rawValue == \(field.number) { \(swiftName(field)) = \(try readSingle(field)) }"
            )
        case .oneof(let oneof, let fields):
            try source.block("switch c.\(Naming.cField(oneof + "_case")).rawValue") {
                for field in fields {
                    $0.line("case \(field.number): \(name(member)) = \(try readOneofCase(field))")
                }
                $0.line("default: break")
            }
        }
    }

    private func readOneofCase(_ field: Schema.Field) throws -> String {
        let element = swiftName(field)
        if case .message = field.type { return "(\(try readSingle(field))).map { .\(element)($0) }" }
        return ".\(element)(\(try readSingle(field)))"
    }

    private func readMember(_ field: Schema.Field) throws -> String {
        let c = Naming.cField(field.name)
        let count = "c.n_\(Naming.cField(field.name).replacingBackticks)"
        if let entry = mapEntry(field) {
            let key = try read(entry.fields[0], "$0.key")
            let value: String
            if case .message(let inner) = entry.fields[1].type {
                value = "WireValue.message($0.value) ?? \(try schema.swiftName(ofMessage: inner))()"
            } else {
                value = try read(entry.fields[1], "$0.value")
            }
            return "WireValue.dictionary(c.\(c), \(count)) { (\(key), \(value)) }"
        }
        guard field.isRepeated else { return try readSingle(field) }
        switch field.type {
        case .scalar: return "WireValue.array(c.\(c), \(count)) { $0 }"
        case .message: return "WireValue.messages(c.\(c), \(count))"
        default: return "WireValue.array(c.\(c), \(count)) { \(try read(field, "$0")) }"
        }
    }

    private func readSingle(_ field: Schema.Field) throws -> String {
        try read(field, "c.\(Naming.cField(field.name))")
    }

    private func read(_ field: Schema.Field, _ expression: String) throws -> String {
        switch field.type {
        case .scalar: expression
        case .bool: "\(expression) != 0"
        case .string: "WireValue.string(\(expression))"
        case .bytes: "WireValue.bytes(\(expression).data, \(expression).len)"
        case .enumeration(let name):
            "\(try schema.swiftName(ofEnum: name))(number: Int32(truncatingIfNeeded: \(expression).rawValue))"
        case .message: "WireValue.message(\(expression))"
        }
    }

    private func writeFill(_ member: Member, to source: inout SourceText) throws {
        switch member {
        case .field(let field):
            for line in try fillMember(field) { source.line(line) }
        case .optional(let field, let oneof):
            try source.block("if let \(swiftName(field))") {
                $0.line("c.pointee.\(Naming.cField(oneof + "_case")) = .init(rawValue: \(field.number))")
                for line in try fill(field, from: swiftName(field), into: "c.pointee") { $0.line(line) }
            }
        case .oneof(let oneof, let fields):
            try source.block("switch \(name(member))") {
                for field in fields {
                    $0.line("case .\(swiftName(field))(let value):")
                    $0.line("    c.pointee.\(Naming.cField(oneof + "_case")) = .init(rawValue: \(field.number))")
                    for line in try fill(field, from: "value", into: "c.pointee") { $0.line("    " + line) }
                }
                $0.line("case nil: break")
            }
        }
    }

    private func fillMember(_ field: Schema.Field) throws -> [String] {
        let name = swiftName(field)
        let c = Naming.cField(field.name)
        let count = "c.pointee.n_\(c.replacingBackticks) = \(name).count"
        if let entry = mapEntry(field) {
            let entryType = Naming.cType(entry.fullName)
            var lines = [
                "let \(field.name.replacingBackticks)Descriptor: WireDescriptor = {",
                "    var entry = \(entryType)()",
                "    \(Naming.cLower(entry.fullName))__init(&entry)",
                "    return WireDescriptor(entry.base.descriptor)",
                "}()",
                count,
                "c.pointee.\(c) = arena.array(\(name).sorted { $0.key < $1.key }.map { pair in",
                "    let entry = arena.entry(\(field.name.replacingBackticks)Descriptor).assumingMemoryBound(to: \(entryType).self)",
            ]
            for (part, value) in zip(entry.fields, ["pair.key", "pair.value"]) {
                lines += try fill(part, from: value, into: "entry.pointee").map { "    " + $0 }
            }
            return lines + ["    return Optional(entry)", "})"]
        }
        if field.isRepeated { return [count, "c.pointee.\(c) = \(try arrayFill(field, name))"] }
        if case .message = field.type {
            return ["if let \(name) { \(try fill(field, from: name, into: "c.pointee").joined(separator: "; ")) }"]
        }
        if case .string = field.type {
            return ["if !\(name).isEmpty { \(try fill(field, from: name, into: "c.pointee")[0]) }"]
        }
        return try fill(field, from: name, into: "c.pointee")
    }

    private func arrayFill(_ field: Schema.Field, _ name: String) throws -> String {
        switch field.type {
        case .scalar: "arena.array(\(name))"
        case .bool: "arena.array(\(name).map { $0 ? 1 : 0 })"
        case .string: "arena.array(\(name).map { Optional(arena.string($0)) })"
        case .bytes: "arena.array(\(name).map { ProtobufCBinaryData(len: $0.count, data: arena.bytes($0)) })"
        case .enumeration(let full):
            "arena.array(\(name).map { \(Naming.cType(full))(rawValue: .init(truncatingIfNeeded: $0.number)) })"
        case .message(let full):
            "arena.array(\(name).map { Optional(arena.message($0).assumingMemoryBound(to: \(Naming.cType(full)).self)) })"
        }
    }

    /// Statements that put a single value into a member of a C struct.
    private func fill(_ field: Schema.Field, from value: String, into target: String) throws -> [String] {
        let member = "\(target).\(Naming.cField(field.name))"
        return switch field.type {
        case .scalar: ["\(member) = \(value)"]
        case .bool: ["\(member) = \(value) ? 1 : 0"]
        case .string: ["\(member) = arena.string(\(value))"]
        case .bytes: ["\(member) = ProtobufCBinaryData(len: \(value).count, data: arena.bytes(\(value)))"]
        case .enumeration: ["\(member) = .init(rawValue: .init(truncatingIfNeeded: \(value).number))"]
        case .message(let full):
            ["\(member) = arena.message(\(value)).assumingMemoryBound(to: \(Naming.cType(full)).self)"]
        }
    }
}

extension String {
    /// The name without the backticks that Swift may need around it.
    fileprivate var replacingBackticks: String { filter { $0 != "`" } }
}
