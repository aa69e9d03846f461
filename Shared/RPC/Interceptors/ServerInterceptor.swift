/// A call of a peer before anything of it was read but its head.
public struct IncomingCall: Sendable {
    /// The method's name on the wire, `atelier.echo.Echo/Unary`; served here.
    public let method: String
    /// The caller's metadata.
    public let metadata: Metadata
    /// 0 at first, then the number of the retry.
    public let attempt: Int
    /// The caller.
    public let peer: PeerInfo
}

/// What a handler has answered but for its messages.
public struct HandledCall: Sendable {
    /// Metadata that goes with the status.
    public var trailers: Metadata
    let message: OutgoingMessage?
}

/// Sees every call that an endpoint serves.
public protocol ServerInterceptor: Sendable {
    /// Lets a call in, before its messages are read and memory is taken for them.
    ///
    /// On the session's thread, so it must not block.
    ///
    /// - Throws: ``RPCStatus``: the call ends with it.
    func admit(_ call: IncomingCall) throws(RPCStatus)

    /// Stands around the handler, in the handler's task: what is bound to the task there, the handler sees.
    ///
    /// - Throws: what the call is to end with.
    func handle(
        _ context: ServerContext, _ next: @Sendable (ServerContext) async throws -> HandledCall
    ) async throws -> HandledCall
}

extension ServerInterceptor {
    public func admit(_ call: IncomingCall) throws(RPCStatus) {}

    public func handle(
        _ context: ServerContext, _ next: @Sendable (ServerContext) async throws -> HandledCall
    ) async throws -> HandledCall { try await next(context) }
}

extension [any ServerInterceptor] {
    /// The handler with all interceptors around it, the first outermost.
    func around(
        _ handler: @escaping @Sendable (ServerContext) async throws -> HandledCall
    ) -> @Sendable (ServerContext) async throws -> HandledCall {
        reversed().reduce(handler) { next, interceptor in { context in try await interceptor.handle(context, next) } }
    }
}
