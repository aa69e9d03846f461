internal import CZeroMQ

extension KeyPair {
    /// A fresh pair.
    ///
    /// - Throws: ``KeyError`` if libzmq was built without CURVE.
    public static func generate() throws(KeyError) -> KeyPair {
        var (publicText, secretText) = ([CChar](repeating: 0, count: 41), [CChar](repeating: 0, count: 41))
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw KeyError("libzmq makes no keys (\(zeroMQErrorText())): it was built without CURVE")
        }
        return try KeyPair(publicText: text(publicText), secretText: text(secretText))
    }

    /// The pair that was written as two Z85 texts.
    ///
    /// - Throws: ``KeyError`` if they are no keys or do not belong together.
    public init(publicText: String, secretText: String) throws(KeyError) {
        guard let publicKey = PublicKey(z85: publicText) else {
            throw KeyError("the public key is not 40 characters of Z85")
        }
        guard let secret = Z85.decode(secretText), secret.count == PublicKey.byteCount else {
            throw KeyError("the secret key is not 40 characters of Z85")
        }
        var derived = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&derived, secretText) == 0, Self.text(derived) == publicText else {
            throw KeyError("the two halves of the key do not belong together")
        }
        self.init(publicKey: publicKey, secret: secret)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension ZeroMQSocket {
    /// libzmq's number for refusing connections while nobody decides on them.
    ///
    /// A draft in its header, though Debian's library has it: without it, a missing ZAP handler lets everybody in.
    private static let enforcesDomain: Int32 = 93

    /// Makes a socket that is about to be bound ask the ZAP handler of a domain about every key.
    ///
    /// - Throws: ``MessagingError`` insecure if libzmq lacks a part of it.
    func demandKeys(_ keys: KeyPair, domain: String) throws(MessagingError) {
        try secure(ZMQ_CURVE_SERVER, 1)
        try secure(ZMQ_CURVE_SECRETKEY, keys.secret)
        try secure(ZMQ_ZAP_DOMAIN, Array(domain.utf8))
        try secure(Self.enforcesDomain, 1)
    }

    /// Makes a socket that is about to dial prove its key, and talk to nobody but the holder of the other.
    ///
    /// - Throws: ``MessagingError`` insecure if libzmq lacks a part of it.
    func proveKeys(_ keys: KeyPair, to listener: PublicKey) throws(MessagingError) {
        try secure(ZMQ_CURVE_PUBLICKEY, keys.publicKey.bytes)
        try secure(ZMQ_CURVE_SECRETKEY, keys.secret)
        try secure(ZMQ_CURVE_SERVERKEY, listener.bytes)
    }

    private func secure(_ option: Int32, _ value: Int32) throws(MessagingError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, 4) == 0 else { throw Self.refused(option) }
    }

    private func secure(_ option: Int32, _ bytes: [UInt8]) throws(MessagingError) {
        guard zmq_setsockopt(handle, option, bytes, bytes.count) == 0 else { throw Self.refused(option) }
    }

    private static func refused(_ option: Int32) -> MessagingError {
        MessagingError(
            .insecure, "libzmq refused the security option \(option) (\(zeroMQErrorText())): it was built without CURVE"
        )
    }
}
