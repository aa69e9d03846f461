/// The parts of a descriptor set that code is written for.
struct Schema {
    struct File {
        var name: String
        var package: String
        var messages: [Message]
        var enums: [Enumeration]
        var services: [Service]
    }

    struct Message {
        var fullName: String
        /// The Swift type, nested ones with their parent: `EchoEverything.Inner`.
        var swiftName: String
        var comment: String
        var fields: [Field]
        var oneofs: [String]
        var messages: [Message]
        var enums: [Enumeration]
        var isMapEntry: Bool

        var simpleName: String { Naming.lastPart(swiftName) }
    }

    struct Field {
        var name: String
        var number: Int
        var type: FieldType
        var isRepeated: Bool
        var oneof: Int?
        var comment: String
    }

    struct Enumeration {
        var fullName: String
        var swiftName: String
        var comment: String
        var values: [(name: String, number: Int, comment: String)]

        var simpleName: String { Naming.lastPart(swiftName) }
    }

    struct Service {
        var name: String
        var fullName: String
        var comment: String
        var methods: [Method]
    }

    struct Method {
        var name: String
        var input: String
        var output: String
        var clientStreams: Bool
        var serverStreams: Bool
        var idempotency: Int
        var comment: String
    }

    /// What a field holds; names are full protobuf names.
    enum FieldType {
        case scalar(swift: String)
        case bool
        case string
        case bytes
        case enumeration(String)
        case message(String)
    }

    var files: [File]
    private(set) var messages: [String: Message] = [:]
    private(set) var enums: [String: Enumeration] = [:]

    init(files: [File]) throws {
        self.files = files
        for file in files {
            for message in file.messages { register(message) }
            for enumeration in file.enums { enums[enumeration.fullName] = enumeration }
        }
        try refuseRecursion()
    }

    private mutating func register(_ message: Message) {
        messages[message.fullName] = message
        for nested in message.messages { register(nested) }
        for nested in message.enums { enums[nested.fullName] = nested }
    }

    /// A recursive message would let a peer choose the depth of our stack.
    private func refuseRecursion() throws {
        func visit(_ name: String, path: [String]) throws {
            if path.contains(name) {
                throw GeneratorError("message \(name) contains itself (\((path + [name]).joined(separator: " > ")))")
            }
            for field in messages[name]?.fields ?? [] {
                if case .message(let inner) = field.type { try visit(inner, path: path + [name]) }
            }
        }
        for name in messages.keys.sorted() { try visit(name, path: []) }
    }

    func swiftName(ofMessage name: String) throws -> String {
        guard let message = messages[name] else { throw GeneratorError("unknown message type \(name)") }
        return message.swiftName
    }

    func swiftName(ofEnum name: String) throws -> String {
        guard let enumeration = enums[name] else { throw GeneratorError("unknown enum type \(name)") }
        return enumeration.swiftName
    }
}

/// Something in the .proto files that the generator does not write code for.
struct GeneratorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
