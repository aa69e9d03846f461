internal import CZeroMQ

/// Connections over ZeroMQ: `tcp://HOST:PORT` and `ipc:///PATH`.
///
/// Only ipc paths in a folder of mode 0700 and loopback addresses can be bound; port 0 lets the system choose.
public struct ZeroMQTransport: Transport {
    /// The transport of this process.
    public init() {}

    public func connect(
        to address: String, on reactor: Reactor, timeout: Duration
    ) async throws(MessagingError) -> any Link {
        let result: Result<any Link, MessagingError> = await withCheckedContinuation { continuation in
            reactor.submit {
                do throws(MessagingError) {
                    _ = try DealerLink(
                        address: address, reactor: reactor, timeout: timeout, connection: continuation)
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
        let result: Result<RouterListener, MessagingError> = await reactor.perform {
            do throws(MessagingError) {
                return .success(try RouterListener(address: address, reactor: reactor, accept: accept))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
