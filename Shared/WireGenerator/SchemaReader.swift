internal import CProtobufC
internal import CWire

/// Reads a `FileDescriptorSet` with protobuf-c.
struct SchemaReader {
    private typealias CFile = Zrp__Descriptor__File
    private typealias CMessage = Zrp__Descriptor__Message
    private typealias CField = Zrp__Descriptor__Field
    private typealias CEnum = Zrp__Descriptor__Enum
    private typealias CService = Zrp__Descriptor__Service

    /// Leading comments of the file at hand, by their path in the descriptor.
    private var comments: [[Int32]: String] = [:]
    private var prefix = ""

    static func read(_ bytes: [UInt8]) throws -> Schema {
        guard let set = zrp__descriptor__file_set__unpack(nil, bytes.count, bytes) else {
            throw GeneratorError("not a FileDescriptorSet")
        }
        defer { zrp__descriptor__file_set__free_unpacked(set, nil) }
        var files: [Schema.File] = []
        for file in list(set.pointee.file, set.pointee.n_file) {
            var reader = SchemaReader()
            files.append(try reader.file(file))
        }
        return try Schema(files: files)
    }

    private static func list<C>(_ base: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int) -> [C] {
        UnsafeBufferPointer(start: base, count: count).compactMap { $0?.pointee }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }

    private mutating func file(_ file: CFile) throws -> Schema.File {
        let name = Self.text(file.name)
        guard Self.text(file.syntax) == "proto3" else { throw GeneratorError("\(name): only proto3 is supported") }
        if let info = file.source_code_info?.pointee {
            for location in Self.list(info.location, info.n_location) {
                let path = Array(UnsafeBufferPointer(start: location.path, count: location.n_path))
                comments[path] = Self.text(location.leading_comments)
            }
        }
        prefix = Self.text(file.options?.pointee.swift_prefix)
        let package = Self.text(file.package)
        let messages = try Self.list(file.message_type, file.n_message_type).enumerated().map {
            try message($1, scope: package, swiftScope: nil, path: [4, Int32($0)])
        }
        let enums = Self.list(file.enum_type, file.n_enum_type).enumerated().map {
            enumeration($1, scope: package, swiftScope: nil, path: [5, Int32($0)])
        }
        let services = try Self.list(file.service, file.n_service).enumerated().map {
            try service($1, package: package, path: [6, Int32($0)])
        }
        return Schema.File(name: name, package: package, messages: messages, enums: enums, services: services)
    }

    private func swiftName(_ name: String, _ scope: String?) -> String {
        scope.map { "\($0).\(name)" } ?? prefix + name
    }

    private func message(
        _ message: CMessage, scope: String, swiftScope: String?, path: [Int32]
    ) throws -> Schema.Message {
        let name = Self.text(message.name)
        let fullName = scope.isEmpty ? name : "\(scope).\(name)"
        let swiftName = swiftName(name, swiftScope)
        guard message.n_extension == 0 else { throw GeneratorError("\(fullName): extensions are not supported") }
        return Schema.Message(
            fullName: fullName, swiftName: swiftName, comment: comments[path] ?? "",
            fields: try Self.list(message.field, message.n_field).enumerated().map {
                try field($1, of: fullName, path: path + [2, Int32($0)])
            },
            oneofs: Self.list(message.oneof_decl, message.n_oneof_decl).map { Self.text($0.name) },
            messages: try Self.list(message.nested_type, message.n_nested_type).enumerated().map {
                try self.message($1, scope: fullName, swiftScope: swiftName, path: path + [3, Int32($0)])
            },
            enums: Self.list(message.enum_type, message.n_enum_type).enumerated().map {
                enumeration($1, scope: fullName, swiftScope: swiftName, path: path + [4, Int32($0)])
            },
            isMapEntry: message.options?.pointee.map_entry == 1)
    }

    private func field(_ field: CField, of message: String, path: [Int32]) throws -> Schema.Field {
        let name = Self.text(field.name)
        guard field.proto3_optional == 0 else {
            throw GeneratorError("\(message).\(name): write `oneof opt_\(name) { … }`; protoc-c has no `optional`")
        }
        let typeName = String(Self.text(field.type_name).drop { $0 == "." })
        let type: Schema.FieldType
        switch field.type {
        case 1: type = .scalar(swift: "Double")
        case 2: type = .scalar(swift: "Float")
        case 3, 16, 18: type = .scalar(swift: "Int64")
        case 4, 6: type = .scalar(swift: "UInt64")
        case 5, 15, 17: type = .scalar(swift: "Int32")
        case 7, 13: type = .scalar(swift: "UInt32")
        case 8: type = .bool
        case 9: type = .string
        case 11: type = .message(typeName)
        case 12: type = .bytes
        case 14: type = .enumeration(typeName)
        default: throw GeneratorError("\(message).\(name): groups are not supported")
        }
        return Schema.Field(
            name: name, number: Int(field.number), type: type, isRepeated: field.label == 3,
            oneof: field.has_oneof_index == 1 ? Int(field.oneof_index) : nil, comment: comments[path] ?? "")
    }

    private func enumeration(
        _ enumeration: CEnum, scope: String, swiftScope: String?, path: [Int32]
    ) -> Schema.Enumeration {
        let name = Self.text(enumeration.name)
        return Schema.Enumeration(
            fullName: scope.isEmpty ? name : "\(scope).\(name)", swiftName: swiftName(name, swiftScope),
            comment: comments[path] ?? "",
            values: Self.list(enumeration.value, enumeration.n_value).enumerated().map {
                (Self.text($1.name), Int($1.number), comments[path + [2, Int32($0)]] ?? "")
            })
    }

    private func service(_ service: CService, package: String, path: [Int32]) throws -> Schema.Service {
        let name = Self.text(service.name)
        return Schema.Service(
            name: name, fullName: package.isEmpty ? name : "\(package).\(name)", comment: comments[path] ?? "",
            methods: Self.list(service.method, service.n_method).enumerated().map {
                Schema.Method(
                    name: Self.text($1.name), input: String(Self.text($1.input_type).drop { $0 == "." }),
                    output: String(Self.text($1.output_type).drop { $0 == "." }),
                    clientStreams: $1.client_streaming == 1, serverStreams: $1.server_streaming == 1,
                    idempotency: Int($1.options?.pointee.idempotency_level ?? 0),
                    comment: comments[path + [2, Int32($0)]] ?? "")
            })
    }
}
