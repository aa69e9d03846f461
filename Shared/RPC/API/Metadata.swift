/// Pairs that travel beside a message, in order; a key may repeat.
///
/// Keys that begin with `zrp-` are reserved.
public struct Metadata: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One pair.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: [UInt8]
    }

    /// The pairs in order.
    public private(set) var entries: [Entry] = []

    /// No metadata.
    public init() {}

    /// Metadata of text.
    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { Entry(key: $0, value: Array($1.utf8)) }
    }

    /// Adds a pair of text.
    public mutating func append(_ key: String, _ value: String) {
        append(key, bytes: Array(value.utf8))
    }

    /// Adds a pair.
    public mutating func append(_ key: String, bytes: [UInt8]) {
        entries.append(Entry(key: key, value: bytes))
    }

    /// Puts a pair of text in the place of all pairs of its key.
    public mutating func replace(_ key: String, _ value: String) {
        entries.removeAll { $0.key == key }
        append(key, value)
    }

    /// The first value of a key, as text if it is UTF-8.
    public subscript(key: String) -> String? {
        self[bytes: key].flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The first value of a key.
    public subscript(bytes key: String) -> [UInt8]? {
        entries.first { $0.key == key }?.value
    }

    /// What counts against the limit: keys, values, and what an entry costs the receiver, however short it is.
    package var byteCount: Int {
        entries.reduce(0) { $0 + $1.key.utf8.count + $1.value.count + 32 }
    }
}
