/// A call as client interceptors see it: one attempt, before it is sent.
public struct ClientCall: Sendable {
    /// What is called.
    public let method: MethodDescriptor
    /// Whom it goes to.
    public let peer: PeerInfo
    /// 0 at first, then the number of the retry.
    public let attempt: Int
    /// When it fails with deadlineExceeded.
    public let deadline: ContinuousClock.Instant
    /// What is sent with it.
    public var metadata: Metadata
}

/// Is told how a call ended; called once, on the session's thread, so it must not block.
public typealias CallObserver = @Sendable (RPCStatus) -> Void

/// Sees every attempt that an endpoint makes: to add metadata, to refuse it, to hold it up, to measure it.
///
/// A stream outlives the function that opens it, so there is no `next` to await: what an interceptor wants to do at the
/// end, it returns.
public protocol ClientInterceptor: Sendable {
    /// Called before an attempt is sent, in the order of the configuration.
    ///
    /// - Returns: what is to be told of the end, if anything.
    /// - Throws: ``RPCStatus``: the attempt ends with it, and is not sent.
    func begin(_ call: inout ClientCall) async throws(RPCStatus) -> CallObserver?
}

extension [any ClientInterceptor] {
    /// Has every interceptor see the call; those that did are told of the end, even if a later one refuses.
    func begin(_ call: inout ClientCall) async throws(RPCStatus) -> CallObserver? {
        var observers: [CallObserver] = []
        for interceptor in self {
            do throws(RPCStatus) {
                if let observer = try await interceptor.begin(&call) { observers.append(observer) }
            } catch {
                for observer in observers.reversed() { observer(error) }
                throw error
            }
        }
        guard let last = observers.last else { return nil }
        if observers.count == 1 { return last }
        return { [observers] status in
            for observer in observers.reversed() { observer(status) }
        }
    }
}
