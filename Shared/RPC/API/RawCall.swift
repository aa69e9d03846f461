import Messaging
import Synchronization

/// A message of a method whose types this program does not know.
public struct RawMessage: Sendable {
    /// The protobuf message, encoded.
    public var body: [UInt8]
    /// Bulk data.
    public var attachments: [Attachment]

    /// A message.
    public init(body: [UInt8], attachments: [Attachment] = []) {
        self.body = body
        self.attachments = attachments
    }

    fileprivate var outgoing: OutgoingMessage { OutgoingMessage(body: body, attachments: attachments) }
}

extension MethodDescriptor {
    /// A method that is known by a description only, for ``Caller/raw(_:reading:options:_:)``.
    public init(service: String, name: String, kind: Kind, idempotency: Idempotency) {
        self.init(
            service: service, name: name, kind: kind, idempotency: idempotency, path: "\(service)/\(name)")
    }
}

extension Caller {
    /// Calls a method of any kind with messages that are encoded already.
    ///
    /// - Returns: the metadata before the first reply and with the status.
    /// - Throws: as ``raw(_:reading:options:_:)``.
    public func raw(
        _ method: MethodDescriptor, _ requests: [RawMessage], options: CallOptions = CallOptions(),
        _ reply: (RawMessage) async throws -> Void
    ) async throws -> (headers: Metadata, trailers: Metadata) {
        let stream = AsyncThrowingStream { continuation in
            for request in requests { continuation.yield(request) }
            continuation.finish()
        }
        return try await raw(method, reading: stream, options: options, reply)
    }

    /// Calls a method of any kind with messages that are encoded already, each sent as soon as it is there.
    ///
    /// Each reply is given to the closure as it comes, whether or not everything has been sent. To a method that takes
    /// one request the first is sent.
    ///
    /// - Returns: the metadata before the first reply and with the status.
    /// - Throws: ``RPCStatus``, or what the requests or the closure throw, which cancels the call.
    public func raw<Requests: AsyncSequence<RawMessage, any Error> & Sendable>(
        _ method: MethodDescriptor, reading requests: Requests, options: CallOptions = CallOptions(),
        _ reply: (RawMessage) async throws -> Void
    ) async throws -> (headers: Metadata, trailers: Metadata) {
        let takesOneRequest = method.kind == .unary || method.kind == .serverStreaming
        let first = takesOneRequest ? try await requests.first { _ in true } : nil
        let plan = CallPlan(caller: self, method: method, options: options)
        let (call, start) = try await plan.prepare(try await plan.route([]), attempt: 0)
        let lifetime = CallLifetime(call, of: self)
        defer { withExtendedLifetime(lifetime) {} }
        call.begin(start, first?.outgoing.prepared(call.conduct), isEnd: takesOneRequest)
        let failure = Mutex<(any Error)?>(nil)
        // Not awaited: a server that answers early does not wait for requests that may never come.
        let sending = Task {
            guard !takesOneRequest else { return }
            do {
                for try await request in requests {
                    // A server may answer before it has been told everything; then its answer counts.
                    do { try await call.write(request.outgoing.prepared(call.conduct)) } catch { return }
                }
                call.endInput()
            } catch {
                failure.withLock { $0 = error }
                call.abandon()
            }
        }
        defer { sending.cancel() }
        do {
            while let message = try await call.next() {
                let body = try message.withBody(method.path) { Array($0) }
                try await reply(RawMessage(body: body, attachments: message.attachments))
            }
        } catch { throw failure.withLock(\.self) ?? error }
        let outcome = await call.outcome()
        return (outcome.headers, outcome.status.trailers)
    }
}
