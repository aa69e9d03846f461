import Messaging

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
}

extension MethodDescriptor {
    /// A method that is known by a description only, for ``Caller/raw(_:_:options:_:)``.
    public init(service: String, name: String, kind: Kind, idempotency: Idempotency) {
        self.init(
            service: service, name: name, kind: kind, idempotency: idempotency, path: "\(service)/\(name)")
    }
}

extension Caller {
    /// Calls a method of any kind with messages that are encoded already.
    ///
    /// Each reply is given to the closure as it comes.
    ///
    /// - Returns: the metadata before the first reply and with the status.
    /// - Throws: ``RPCStatus``, or what the closure throws, which cancels the call.
    public func raw(
        _ method: MethodDescriptor, _ requests: [RawMessage], options: CallOptions = CallOptions(),
        _ reply: (RawMessage) async throws -> Void
    ) async throws -> (headers: Metadata, trailers: Metadata) {
        let plan = CallPlan(caller: self, method: method, options: options)
        let route = try await plan.route([])
        let (call, start) = try await plan.prepare(route, attempt: 0)
        let lifetime = CallLifetime(call)
        defer { withExtendedLifetime(lifetime) {} }
        let messages = requests.map {
            OutgoingMessage(body: $0.body, attachments: $0.attachments).prepared(call.conduct)
        }
        call.begin(start, messages.first, isEnd: messages.count < 2)
        for message in messages.dropFirst() {
            // A server may answer before it has been told everything; then its answer counts.
            do { try await call.write(message) } catch { break }
        }
        call.endInput()
        while let message = try await call.next() {
            let body = try message.withBody(method.path) { Array($0) }
            try await reply(RawMessage(body: body, attachments: message.attachments))
        }
        let outcome = await call.outcome()
        return (outcome.headers, outcome.status.trailers)
    }
}
