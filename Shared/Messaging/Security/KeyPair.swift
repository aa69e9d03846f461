/// A CURVE key pair: what a process proves who it is with.
///
/// The secret half is in files of mode 0600 and in memory, never in arguments, the environment, logs or errors; this type
/// prints without it.
public struct KeyPair: Sendable, CustomStringConvertible, CustomReflectable {
    /// The half that others know.
    public let publicKey: PublicKey
    let secret: [UInt8]

    /// A pair of halves of 32 bytes that belong together.
    init(publicKey: PublicKey, secret: [UInt8]) {
        self.publicKey = publicKey
        self.secret = secret
    }

    /// The secret half as Z85 text, for the file that keeps it.
    public var secretText: String { Z85.encode(secret) }

    /// The public half only.
    public var description: String { "key pair of \(publicKey)" }

    /// Nothing of the secret half.
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}

/// What is wrong with a key, a key's file or an allow list.
public struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that names the file or the key.
    public let description: String

    /// An error with its line.
    public init(_ description: String) {
        self.description = description
    }
}
