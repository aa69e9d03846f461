/// A listener's door: its key, its domain at the ZAP handler, and the list that the domain asks.
///
/// Touched on its listener's reactor only.
final class Admission {
    let publicKey: PublicKey
    private let keys: KeyPair
    private let authenticator: Authenticator
    private let banDuration: Duration
    private let handler: ZAPHandler
    private let domain: String
    private var watch: UInt64?

    /// - Throws: ``MessagingError`` insecure for a security without a list, or when nobody can decide.
    init(_ security: TransportSecurity) throws(MessagingError) {
        guard let authenticator = security.authenticator else {
            throw MessagingError(.insecure, "\(security.keys) comes without a list of keys: nobody could be let in")
        }
        keys = security.keys
        publicKey = keys.publicKey
        banDuration = security.banDuration
        self.authenticator = authenticator
        handler = try ZAPHandler.running()
        domain = handler.open(authenticator)
    }

    deinit {
        handler.close(domain)
        if let watch { authenticator.unwatch(watch) }
    }

    func guardSocket(_ socket: ZeroMQSocket) throws(MessagingError) {
        try socket.demandKeys(keys, domain: domain)
    }

    func holder(of key: PublicKey) -> PeerIdentity? { authenticator.holder(of: key) }

    func ban(_ key: PublicKey, at address: String) {
        authenticator.ban(key, at: address, for: banDuration)
    }

    /// Calls a closure whenever the list has changed, on any thread.
    func watch(_ action: @escaping @Sendable () -> Void) {
        watch = authenticator.watch(action)
    }

    /// Lets nobody in any more.
    func end() {
        handler.close(domain)
        if let watch { authenticator.unwatch(watch) }
        watch = nil
    }
}
