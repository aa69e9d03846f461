import Foundation
import Wire

/// What .proto files declare, as far as messages are read and written by it.
public struct Schema: Sendable {
    /// A message type.
    public struct Message: Sendable {
        public let name: String
        public let fields: [Field]
        /// Whether it is the entry of a map: key 1, value 2.
        let isMapEntry: Bool
    }

    /// A field of a message.
    public struct Field: Sendable {
        public let name: String
        public let number: Int
        public let type: FieldType
        public let isRepeated: Bool
        /// The oneof it belongs to, by its place in the message.
        let oneof: Int?

        /// `delay_us` → `delayUs`, as protobuf's JSON has it.
        var jsonName: String {
            let parts = name.split(separator: "_", omittingEmptySubsequences: true)
            return (parts.first.map(String.init) ?? "")
                + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }

    /// What a field holds.
    public enum FieldType: Sendable, Hashable {
        case double, float, int64, uint64, int32, fixed64, fixed32, bool, string, bytes, uint32, sfixed32, sfixed64
        case sint32, sint64
        /// By full name.
        case message(String), enumeration(String)
    }

    /// An enum type.
    public struct Enumeration: Sendable {
        public let name: String
        public let values: [(name: String, number: Int32)]
    }

    /// A service.
    public struct Service: Sendable {
        public let name: String
        public let methods: [Method]
    }

    /// A method of a service.
    public struct Method: Sendable {
        public let name: String
        public let input: String
        public let output: String
        public let clientStreams: Bool
        public let serverStreams: Bool
        /// protobuf's `idempotency_level`: 1 is without side effects, 2 idempotent.
        public let idempotency: Int
    }

    /// A file: what it needs, what it declares, and its descriptor as it came.
    struct File: Sendable {
        var name = ""
        var dependencies: [String] = []
        var package = ""
        var symbols: [String] = []
        var bytes: ArraySlice<UInt8> = []
    }

    public internal(set) var messages: [String: Message] = [:]
    public internal(set) var enumerations: [String: Enumeration] = [:]
    public internal(set) var services: [String: Service] = [:]
    var files: [File] = []

    /// What this program was built with.
    public static let embedded = Result<Schema, SchemaError> {
        () throws(SchemaError) in
        try Schema(descriptorSet: Array(Data(base64Encoded: WireSchema.descriptorSet) ?? Data()))
    }

    /// The files that declare a symbol, and those that they need; nil if no file does.
    func declaring(_ symbol: String) -> Schema? {
        guard let first = files.first(where: { $0.symbols.contains(symbol) }) else { return nil }
        var wanted: Set<String> = [first.name]
        var queue = first.dependencies
        while let name = queue.popLast() {
            guard wanted.insert(name).inserted, let file = files.first(where: { $0.name == name }) else { continue }
            queue += file.dependencies
        }
        var part = self
        part.files = files.filter { wanted.contains($0.name) }
        return part
    }

    /// A google.protobuf.FileDescriptorSet.
    func encoded() -> [UInt8] {
        var writer = ProtoWriter()
        for file in files { writer.field(1, bytes: file.bytes) }
        return writer.bytes
    }
}

/// Why a schema cannot be read, or a message does not fit it.
public struct SchemaError: Error, CustomStringConvertible {
    /// One line that names the thing.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
