internal import CZeroMQ

/// Connections over ZeroMQ: `tcp://HOST:PORT` and `ipc:///PATH`.
///
/// Without security only ipc paths in a folder of mode 0700 and loopback addresses can be bound; port 0 lets the system
/// choose.
///
/// With it every connection proves its keys. A listener's address then ends in `#` and its public key, so that
/// whoever is given the address knows whom to expect there.
public struct ZeroMQTransport: Transport {
    private let security: TransportSecurity?

    /// The transport of this process.
    public init(security: TransportSecurity? = nil) {
        self.security = security
    }

    /// Whether others than processes of this machine could reach an address, so that it can be bound with keys only.
    public static func isPublic(_ address: String) -> Bool { BindAddress.isPublic(address) }

    /// What a listener should say of too low a limit of descriptors, in a line; nil if it is high enough.
    public static var descriptorWarning: String? { DescriptorLimit.warning }

    public func connect(
        to address: String, on reactor: Reactor, timeout: Duration
    ) async throws(MessagingError) -> any Link {
        let result: Result<any Link, MessagingError> = await withCheckedContinuation { continuation in
            reactor.submit {
                do throws(MessagingError) {
                    _ = try DealerLink(
                        address: address, reactor: reactor, timeout: timeout, security: security,
                        connection: continuation)
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    public func listen(
        at address: String, on reactor: Reactor, accept: @escaping @Sendable (any Link) -> Void
    ) async throws(MessagingError) -> any TransportListener {
        let result: Result<RouterListener, MessagingError> = await reactor.perform { [security] in
            do throws(MessagingError) {
                if security != nil { try RefusalTest.requirePassed() }
                return .success(
                    try RouterListener(address: address, reactor: reactor, security: security, accept: accept))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
