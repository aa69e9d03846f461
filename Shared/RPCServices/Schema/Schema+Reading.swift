// Reads google/protobuf/descriptor.proto's messages by their field numbers.
extension Schema {
    /// How deep a message's declaration may lie in those of others: whoever serves the set is not to choose our stack.
    static let maximumNesting = 32

    /// Reads a google.protobuf.FileDescriptorSet.
    ///
    /// - Throws: ``SchemaError`` when it is not one.
    public init(descriptorSet: [UInt8]) throws(SchemaError) {
        for field in try Self.fields(descriptorSet[...]) where field.number == 1 {
            if let bytes = field.bytes { try read(file: bytes) }
        }
    }

    private static func fields(_ bytes: ArraySlice<UInt8>?) throws(SchemaError) -> [ProtoField] {
        guard let fields = ProtoField.read(bytes ?? []) else { throw SchemaError("not a descriptor set") }
        return fields
    }

    private static func text(_ fields: [ProtoField], _ number: Int) -> String {
        String(decoding: fields.last { $0.number == number }?.bytes ?? [], as: UTF8.self)
    }

    private static func number(_ fields: [ProtoField], _ number: Int) -> Int? {
        fields.last { $0.number == number }?.integer.map { Int(truncatingIfNeeded: $0) }
    }

    /// `.atelier.echo.Request` → `atelier.echo.Request`.
    private static func reference(_ fields: [ProtoField], _ number: Int) -> String {
        let text = text(fields, number)
        return text.hasPrefix(".") ? String(text.dropFirst()) : text
    }

    private mutating func read(file bytes: ArraySlice<UInt8>) throws(SchemaError) {
        let fields = try Self.fields(bytes)
        var file = File(name: Self.text(fields, 1), package: Self.text(fields, 2), bytes: bytes)
        let scope = file.package.isEmpty ? "" : file.package + "."
        for field in fields {
            switch field.number {
            case 3: file.dependencies.append(String(decoding: field.bytes ?? [], as: UTF8.self))
            case 4: try read(message: field.bytes, scope, depth: 1, &file.symbols)
            case 5: try read(enumeration: field.bytes, scope, &file.symbols)
            case 6: try read(service: field.bytes, scope, &file.symbols)
            default: break
            }
        }
        files.append(file)
    }

    private mutating func read(
        message bytes: ArraySlice<UInt8>?, _ scope: String, depth: Int, _ symbols: inout [String]
    ) throws(SchemaError) {
        guard depth <= Self.maximumNesting else {
            throw SchemaError("not a descriptor set: messages nested deeper than \(Self.maximumNesting)")
        }
        let parts = try Self.fields(bytes)
        let name = scope + Self.text(parts, 1)
        symbols.append(name)
        var fields: [Field] = []
        var isMapEntry = false
        for part in parts {
            switch part.number {
            case 2: fields.append(try Self.field(part.bytes))
            case 3: try read(message: part.bytes, name + ".", depth: depth + 1, &symbols)
            case 4: try read(enumeration: part.bytes, name + ".", &symbols)
            case 7: isMapEntry = Self.number(try Self.fields(part.bytes), 7) == 1
            default: break
            }
        }
        messages[name] = Message(name: name, fields: fields, isMapEntry: isMapEntry)
    }

    private static func field(_ bytes: ArraySlice<UInt8>?) throws(SchemaError) -> Field {
        let parts = try fields(bytes)
        let name = text(parts, 1)
        let type: FieldType
        switch number(parts, 5) {
        case 1: type = .double
        case 2: type = .float
        case 3: type = .int64
        case 4: type = .uint64
        case 5: type = .int32
        case 6: type = .fixed64
        case 7: type = .fixed32
        case 8: type = .bool
        case 9: type = .string
        case 11: type = .message(reference(parts, 6))
        case 12: type = .bytes
        case 13: type = .uint32
        case 14: type = .enumeration(reference(parts, 6))
        case 15: type = .sfixed32
        case 16: type = .sfixed64
        case 17: type = .sint32
        case 18: type = .sint64
        default: throw SchemaError("field \(name) has a type that is not known")
        }
        return Field(
            name: name, number: number(parts, 3) ?? 0, type: type, isRepeated: number(parts, 4) == 3,
            oneof: number(parts, 9))
    }

    private mutating func read(
        enumeration bytes: ArraySlice<UInt8>?, _ scope: String, _ symbols: inout [String]
    ) throws(SchemaError) {
        let parts = try Self.fields(bytes)
        let name = scope + Self.text(parts, 1)
        symbols.append(name)
        var values: [(name: String, number: Int32)] = []
        for part in parts where part.number == 2 {
            let value = try Self.fields(part.bytes)
            values.append((Self.text(value, 1), Int32(truncatingIfNeeded: Self.number(value, 2) ?? 0)))
        }
        enumerations[name] = Enumeration(name: name, values: values)
    }

    private mutating func read(
        service bytes: ArraySlice<UInt8>?, _ scope: String, _ symbols: inout [String]
    ) throws(SchemaError) {
        let parts = try Self.fields(bytes)
        let name = scope + Self.text(parts, 1)
        symbols.append(name)
        var methods: [Method] = []
        for part in parts where part.number == 2 {
            let method = try Self.fields(part.bytes)
            let options = try Self.fields(method.last { $0.number == 4 }?.bytes)
            methods.append(
                Method(
                    name: Self.text(method, 1), input: Self.reference(method, 2), output: Self.reference(method, 3),
                    clientStreams: Self.number(method, 5) == 1, serverStreams: Self.number(method, 6) == 1,
                    idempotency: Self.number(options, 34) ?? 0))
        }
        services[name] = Service(name: name, methods: methods)
    }
}
