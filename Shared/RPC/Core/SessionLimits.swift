/// What one end of a session is willing to receive; each end tells the other when the session opens.
public struct SessionLimits: Hashable, Sendable {
    /// Largest frame.
    ///
    /// Nothing larger than 4 MiB can arrive whatever is said here.
    public var maximumFrameBytes = 4 << 20
    /// Largest message: body and attachments.
    public var maximumMessageBytes = 1 << 30
    /// Largest attachment that travels as a frame of its message; also the most that all such frames of one message
    /// hold together.
    ///
    /// Larger ones travel as chunks.
    public var inlineAttachmentBytes = 1 << 20
    /// Bytes of a chunk.
    public var chunkBytes = 1 << 20
    /// Calls that the peer may have open at once.
    public var maximumCalls = 4096
    /// Bytes of one call that may be on the way or unread.
    public var callWindowBytes = 8 << 20
    /// Bytes of all calls that may be on the way or unread.
    public var sessionWindowBytes = 64 << 20
    /// Largest metadata.
    public var maximumMetadataBytes = 16 << 10

    /// The defaults.
    public init() {}

    /// Largest window that a peer may ask for: what it does not read waits in our memory.
    package static let maximumWindowBytes: UInt64 = 256 << 20
    /// Largest body of a message; more belongs in attachments.
    package static let maximumBodyBytes = 1 << 20
    /// Largest chunk where all is encrypted: libzmq then copies every frame several times, which is faster in a processor's own
    /// cache.
    static let encryptedChunkBytes = 256 << 10
    /// Most attachments of a message.
    package static let maximumAttachments = 16
    /// Longest head of a frame.
    static let maximumHeadBytes = 64 << 10
    /// Longest idempotency key: they are remembered long after their calls.
    static let maximumKeyBytes = 256

    /// What the peer said; zeros are defaults, and values that would make no progress possible are raised.
    package init(_ wire: ZRPLimits) {
        func take(_ value: UInt64, _ path: WritableKeyPath<SessionLimits, Int>, _ range: ClosedRange<Int>) {
            guard value > 0 else { return }
            self[keyPath: path] = min(max(Int(clamping: value), range.lowerBound), range.upperBound)
        }
        take(UInt64(wire.maxFrameBytes), \.maximumFrameBytes, 64 << 10...4 << 20)
        take(wire.maxMessageBytes, \.maximumMessageBytes, 64 << 10...1 << 40)
        take(UInt64(wire.inlineAttachmentBytes), \.inlineAttachmentBytes, 1...2 << 20)
        take(UInt64(wire.chunkBytes), \.chunkBytes, 1 << 10...2 << 20)
        take(UInt64(wire.maxCalls), \.maximumCalls, 1...1 << 20)
        take(wire.callWindowBytes, \.callWindowBytes, 1 << 10...1 << 40)
        take(wire.sessionWindowBytes, \.sessionWindowBytes, 1 << 10...1 << 40)
        take(UInt64(wire.maxMetadataBytes), \.maximumMetadataBytes, 1 << 10...1 << 20)
    }

    package var wire: ZRPLimits {
        ZRPLimits(
            maxFrameBytes: UInt32(clamping: maximumFrameBytes), maxMessageBytes: UInt64(clamping: maximumMessageBytes),
            inlineAttachmentBytes: UInt32(clamping: inlineAttachmentBytes), chunkBytes: UInt32(clamping: chunkBytes),
            maxCalls: UInt32(clamping: maximumCalls), callWindowBytes: UInt64(clamping: callWindowBytes),
            sessionWindowBytes: UInt64(clamping: sessionWindowBytes),
            maxMetadataBytes: UInt32(clamping: maximumMetadataBytes))
    }
}
