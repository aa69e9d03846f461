/// Who a key belongs to.
public struct PeerIdentity: Hashable, Sendable {
    /// What its holder is called.
    public let name: String
    /// What its holder may do: see the permissions of the layer above.
    public let role: String
    /// The key that was proved.
    public let key: PublicKey

    /// The holder of a key.
    public init(name: String, role: String, key: PublicKey) {
        self.name = name
        self.role = role
        self.key = key
    }
}

/// The keys that may connect, each with its holder: a file of lines `NAME ROLE KEY`.
///
/// Lines that begin with `#` are comments.
public struct AllowList: Hashable, Sendable {
    /// In the order of the file.
    public private(set) var entries: [PeerIdentity] = []

    /// Nobody.
    public init() {}

    /// Reads the text of a file.
    ///
    /// - Throws: ``KeyError`` that names the first line that is wrong.
    public init(text: String) throws(KeyError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func wrong(_ reason: String) -> KeyError { KeyError("line \(index + 1): \(reason)") }
            guard words.count == 3 else { throw wrong("not of the form NAME ROLE KEY") }
            guard let key = PublicKey(z85: words[2]) else {
                throw wrong("the key of \(first) is not 40 characters of Z85")
            }
            do throws(KeyError) { try add(PeerIdentity(name: first, role: words[1], key: key)) } catch {
                throw wrong(error.description)
            }
        }
    }

    /// Lets a key in.
    ///
    /// - Throws: ``KeyError`` if the name or the role is none, or the name or the key is on the list.
    public mutating func add(_ identity: PeerIdentity) throws(KeyError) {
        for word in [identity.name, identity.role] where !Self.isWord(word) {
            throw KeyError("'\(word)' is not a name: letters, digits, '.', '_' and '-', at most 64")
        }
        if let other = entries.first(where: { $0.name == identity.name || $0.key == identity.key }) {
            let what = other.name == identity.name ? "the name \(other.name)" : "the key of \(identity.name)"
            throw KeyError("\(what) is on the list already")
        }
        entries.append(identity)
    }

    /// Shuts a holder out; nil if the name is not on the list.
    public mutating func remove(_ name: String) -> PeerIdentity? {
        entries.firstIndex { $0.name == name }.map { entries.remove(at: $0) }
    }

    /// The file.
    public var text: String {
        "# Who may connect: NAME ROLE PUBLIC-KEY. Read again whenever it changes; a key that is removed loses its sessions.\n"
            + entries.map { "\($0.name) \($0.role) \($0.key.z85)\n" }.joined()
    }

    /// Whether a text can be a name or a role.
    public static func isWord(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && (1...64).contains(text.utf8.count) && !text.hasPrefix(".")
    }
}
