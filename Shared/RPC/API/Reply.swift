/// The answer to a call: a message, bulk data beside it, and metadata after it.
public struct Reply<Message: Sendable>: Sendable {
    /// The message.
    public var message: Message
    /// Bulk data.
    public var attachments: [Attachment]
    /// Metadata that comes with the status.
    public var trailers: Metadata
    /// Metadata that came ahead of the message; a server sends it by ``ServerContext/sendHeaders(_:)``.
    public internal(set) var headers = Metadata()

    /// A reply.
    public init(_ message: Message, attachments: [Attachment] = [], trailers: Metadata = Metadata()) {
        self.message = message
        self.attachments = attachments
        self.trailers = trailers
    }
}

/// A message of a stream with the bulk data beside it.
public struct Attached<Message: Sendable>: Sendable {
    /// The message.
    public var message: Message
    /// Bulk data.
    public var attachments: [Attachment]
}
