import Foundation

// protobuf's JSON mapping, from the wire to JSON: names in lowerCamelCase, 64-bit integers as strings, bytes in base 64,
// enums by name; fields at their default are left out.
extension Schema {
    /// A message as JSON.
    ///
    /// - Throws: ``SchemaError`` when the type is unknown or the bytes are not of it.
    public func json(_ bytes: [UInt8], as type: String) throws(SchemaError) -> JSONValue {
        try json(bytes[...], type, depth: 0)
    }

    private func json(_ bytes: ArraySlice<UInt8>, _ type: String, depth: Int) throws(SchemaError) -> JSONValue {
        guard let message = messages[type] else { throw SchemaError("no message type '\(type)' is known") }
        guard depth < 64, let parts = ProtoField.read(bytes) else { throw SchemaError("not a message of type \(type)") }
        var members: [(key: String, value: JSONValue)] = []
        for field in message.fields {
            let values = parts.filter { $0.number == field.number }
            guard !values.isEmpty else { continue }
            if case .message(let name) = field.type, let entry = messages[name], entry.isMapEntry {
                members.append((field.jsonName, try map(values, entry, depth)))
            } else if field.isRepeated {
                var array: [JSONValue] = []
                for value in values { array += try elements(value, field, depth) }
                members.append((field.jsonName, .array(array)))
            } else if let last = values.last {
                members.append((field.jsonName, try json(last.value, field, depth)))
            }
        }
        return .object(members)
    }

    private func map(_ entries: [ProtoField], _ entry: Message, _ depth: Int) throws(SchemaError) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = []
        guard let key = entry.fields.first(where: { $0.number == 1 }),
            let value = entry.fields.first(where: { $0.number == 2 })
        else { throw SchemaError("\(entry.name) is not an entry of a map") }
        for part in entries {
            guard let fields = ProtoField.read(part.bytes ?? []) else {
                throw SchemaError("not an entry of \(entry.name)")
            }
            let keyField = fields.last { $0.number == 1 }
            let name: String
            switch try json(keyField?.value ?? Self.zero(key.type), key, depth) {
            case .string(let text), .number(let text): name = text
            case .bool(let flag): name = "\(flag)"
            default: throw SchemaError("a key of \(entry.name) that is no key")
            }
            let valueField = fields.last { $0.number == 2 }
            members.append((name, try json(valueField?.value ?? Self.zero(value.type), value, depth)))
        }
        return .object(members.sorted { $0.key < $1.key })
    }

    private static func zero(_ type: FieldType) -> ProtoField.Value {
        switch type {
        case .string, .bytes, .message: .bytes([])
        case .double, .fixed64, .sfixed64: .fixed64(0)
        case .float, .fixed32, .sfixed32: .fixed32(0)
        default: .varint(0)
        }
    }

    /// One element, or all of a packed run of them.
    private func elements(_ part: ProtoField, _ field: Field, _ depth: Int) throws(SchemaError) -> [JSONValue] {
        var isPacked = false
        if case .bytes = part.value {
            switch field.type {
            case .string, .bytes, .message: break
            default: isPacked = true
            }
        }
        guard isPacked, var rest = part.bytes else { return [try json(part.value, field, depth)] }
        var elements: [JSONValue] = []
        while !rest.isEmpty {
            let value: ProtoField.Value?
            switch Self.zero(field.type) {
            case .fixed64: value = ProtoField.fixed(&rest).map { .fixed64($0) }
            case .fixed32: value = ProtoField.fixed(&rest).map { .fixed32($0) }
            default: value = ProtoField.varint(&rest).map { .varint($0) }
            }
            guard let value else { throw SchemaError("field \(field.name) ends in the middle of a number") }
            elements.append(try json(value, field, depth))
        }
        return elements
    }

    private func json(_ value: ProtoField.Value, _ field: Field, _ depth: Int) throws(SchemaError) -> JSONValue {
        switch (field.type, value) {
        case (.double, .fixed64(let bits)): Self.number(Double(bitPattern: bits))
        case (.float, .fixed32(let bits)): Self.number(Float(bitPattern: bits))
        case (.int64, .varint(let bits)), (.sfixed64, .fixed64(let bits)): .string("\(Int64(bitPattern: bits))")
        case (.uint64, .varint(let bits)), (.fixed64, .fixed64(let bits)): .string("\(bits)")
        case (.int32, .varint(let bits)): .number("\(Int32(truncatingIfNeeded: bits))")
        case (.sfixed32, .fixed32(let bits)): .number("\(Int32(bitPattern: bits))")
        case (.uint32, .varint(let bits)): .number("\(UInt32(truncatingIfNeeded: bits))")
        case (.fixed32, .fixed32(let bits)): .number("\(bits)")
        case (.sint32, .varint(let bits)):
            .number("\(Int32(bitPattern: UInt32(truncatingIfNeeded: bits) >> 1) ^ -Int32(bits & 1))")
        case (.sint64, .varint(let bits)): .string("\(Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1))")
        case (.bool, .varint(let bits)): .bool(bits != 0)
        case (.string, .bytes(let bytes)): .string(String(decoding: bytes, as: UTF8.self))
        case (.bytes, .bytes(let bytes)): .string(Data(bytes).base64EncodedString())
        case (.message(let name), .bytes(let bytes)): try json(bytes, name, depth: depth + 1)
        case (.enumeration(let name), .varint(let bits)): enumeration(name, Int32(truncatingIfNeeded: bits))
        default: throw SchemaError("field \(field.name) is not of its type")
        }
    }

    private func enumeration(_ name: String, _ number: Int32) -> JSONValue {
        enumerations[name]?.values.first { $0.number == number }.map { .string($0.name) } ?? .number("\(number)")
    }

    private static func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number) -> JSONValue {
        if value.isNaN { return .string("NaN") }
        if value.isInfinite { return .string(value < 0 ? "-Infinity" : "Infinity") }
        return .number(value.description)
    }
}
