import Foundation

// protobuf's JSON mapping, from JSON to the wire. Names may be as in the .proto file too.
extension Schema {
    /// The bytes of a message that is written as JSON.
    ///
    /// - Throws: ``SchemaError`` naming the field that does not fit.
    public func encode(_ json: JSONValue, as type: String) throws(SchemaError) -> [UInt8] {
        guard let message = messages[type] else { throw SchemaError("no message type '\(type)' is known") }
        guard case .object(let members) = json else { throw SchemaError("\(type): expected an object") }
        var writer = ProtoWriter()
        var oneofs: [Int: String] = [:]
        for (key, value) in members {
            guard let field = message.fields.first(where: { $0.jsonName == key || $0.name == key }) else {
                let names = message.fields.map(\.jsonName).joined(separator: ", ")
                throw SchemaError("\(type) has no field '\(key)'; it has: \(names)")
            }
            if case .null = value { continue }
            if let oneof = field.oneof, let other = oneofs.updateValue(key, forKey: oneof) {
                throw SchemaError("\(type): only one of '\(other)' and '\(key)' can be set")
            }
            try write(value, field, to: &writer)
        }
        return writer.bytes
    }

    private func write(_ json: JSONValue, _ field: Field, to writer: inout ProtoWriter) throws(SchemaError) {
        if case .message(let name) = field.type, let entry = messages[name], entry.isMapEntry {
            guard case .object(let members) = json else { throw SchemaError("\(field.name): expected an object") }
            for (key, value) in members {
                let keyIsText = entry.fields.first { $0.number == 1 }?.type == .string
                let keyValue: JSONValue =
                    keyIsText ? .string(key) : key == "true" || key == "false" ? .bool(key == "true") : .number(key)
                let bytes = try encode(.object([("key", keyValue), ("value", value)]), as: name)
                writer.field(field.number, bytes: bytes)
            }
        } else if field.isRepeated {
            guard case .array(let elements) = json else { throw SchemaError("\(field.name): expected an array") }
            for element in elements { try writeOne(element, field, to: &writer) }
        } else {
            try writeOne(json, field, to: &writer)
        }
    }

    private func writeOne(_ json: JSONValue, _ field: Field, to writer: inout ProtoWriter) throws(SchemaError) {
        let number = field.number
        func varint(_ value: UInt64) {
            writer.tag(number, 0)
            writer.varint(value)
        }
        func fixed<Value: FixedWidthInteger>(_ value: Value) {
            writer.tag(number, Value.bitWidth == 64 ? 1 : 5)
            writer.fixed(value)
        }
        switch field.type {
        case .double: fixed(try Self.floating(json, field).bitPattern)
        case .float: fixed(Float(try Self.floating(json, field)).bitPattern)
        case .int64: varint(UInt64(bitPattern: try Self.integer(json, field)))
        case .int32: varint(UInt64(bitPattern: Int64(try Self.integer(json, field) as Int32)))
        case .uint64: varint(try Self.integer(json, field))
        case .uint32: varint(UInt64(try Self.integer(json, field) as UInt32))
        case .sint64:
            let value: Int64 = try Self.integer(json, field)
            varint(UInt64(bitPattern: value << 1 ^ value >> 63))
        case .sint32:
            let value: Int32 = try Self.integer(json, field)
            varint(UInt64(UInt32(bitPattern: value << 1 ^ value >> 31)))
        case .fixed64: fixed(try Self.integer(json, field) as UInt64)
        case .sfixed64: fixed(try Self.integer(json, field) as Int64)
        case .fixed32: fixed(try Self.integer(json, field) as UInt32)
        case .sfixed32: fixed(try Self.integer(json, field) as Int32)
        case .bool:
            guard case .bool(let value) = json else { throw SchemaError("\(field.name): expected true or false") }
            varint(value ? 1 : 0)
        case .string:
            guard case .string(let text) = json else { throw SchemaError("\(field.name): expected a string") }
            writer.field(number, bytes: Array(text.utf8))
        case .bytes:
            guard case .string(let text) = json, let data = Data(base64Encoded: text) else {
                throw SchemaError("\(field.name): expected bytes in base 64")
            }
            writer.field(number, bytes: data)
        case .message(let name): writer.field(number, bytes: try encode(json, as: name))
        case .enumeration(let name): varint(UInt64(bitPattern: Int64(try enumeration(json, name, field))))
        }
    }

    private func enumeration(_ json: JSONValue, _ name: String, _ field: Field) throws(SchemaError) -> Int32 {
        guard case .string(let text) = json else { return try Self.integer(json, field) }
        let values = enumerations[name]?.values ?? []
        guard let value = values.first(where: { $0.name == text }) else {
            throw SchemaError(
                "\(field.name): there is no '\(text)'; there are: \(values.map(\.name).joined(separator: ", "))")
        }
        return value.number
    }

    private static func digits(_ json: JSONValue) -> String? {
        switch json {
        case .number(let text), .string(let text): text
        default: nil
        }
    }

    private static func integer<Value: FixedWidthInteger>(_ json: JSONValue, _ field: Field) throws(SchemaError)
        -> Value
    {
        guard let text = digits(json), let value = Value(text) ?? Double(text).flatMap({ Value(exactly: $0) }) else {
            throw SchemaError("\(field.name): expected an integer from \(Value.min) to \(Value.max)")
        }
        return value
    }

    private static func floating(_ json: JSONValue, _ field: Field) throws(SchemaError) -> Double {
        switch digits(json) {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        case let text?:
            if let value = Double(text) { return value }
            fallthrough
        case nil: throw SchemaError("\(field.name): expected a number")
        }
    }
}
