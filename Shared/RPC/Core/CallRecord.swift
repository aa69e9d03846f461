import Messaging

/// What the core knows of one call.
///
/// An object, because a struct in a dictionary costs three allocations each time one of its fields is changed in place.
/// Its machine is the only one that has it, which is why it may be `Sendable`.
final class CallRecord: @unchecked Sendable {
    let method: String
    /// Whether this end opened the call.
    let isOriginated: Bool
    var sendWindow: SendWindow
    var receiveWindow: ReceiveWindow
    /// What is still to be sent, in order.
    var outbox = ShortQueue<OutgoingUnit>()
    var sendSequence: UInt32 = 0
    var receiveSequence: UInt32 = 0
    var hasSentRequest = false
    /// The server has sent HEADERS, or a message, after which there are none.
    var headersAreDone = false
    /// This end has said (or queued) END.
    var sendsEnded = false
    /// The peer has said END.
    var receivesEnded = false
    /// A message whose chunks are still coming.
    var assembly: IncomingAssembly?
    /// Messages that the application has not read.
    var unread = 0
    /// Chunks (and their message) behind an unread message: their credit waits until that is read.
    var heldChunkBytes = 0
    /// What the outbox holds of the session's memory.
    var reservedOutbox = 0

    /// What the call holds of the session's memory, but for messages that have been delivered.
    var heldBytes: Int { reservedOutbox + (assembly?.reserved ?? 0) }

    init(method: String, isOriginated: Bool, sendWindow: SendWindow, receiveWindow: ReceiveWindow) {
        self.method = method
        self.isOriginated = isOriginated
        self.sendWindow = sendWindow
        self.receiveWindow = receiveWindow
    }
}

/// One message to be sent: its frames, and the chunks that follow it.
struct OutgoingUnit: Sendable {
    var header: FrameHeader
    var head: [UInt8]?
    var body: [UInt8]?
    var inline: [ByteBuffer] = []
    var chunked: [(index: Int, bytes: ByteBuffer)] = []
    var ticket: UInt64?
    /// What it holds of the session's memory.
    var reserved = 0
    var hasStarted = false
    /// The chunk to send next: which of `chunked`, and its number.
    var position = 0
    var chunk = 0

    /// What counts against the windows when the frames (not the chunks) are sent.
    var cost: Int { inline.reduce(body?.count ?? 0) { $0 + $1.count } }

    /// Appends all but the chunks.
    func write(to frames: inout [Frame]) {
        frames.append(header.frame)
        if let head { frames.append(.bytes(head)) }
        if let body { frames.append(.bytes(body)) }
        for bytes in inline { frames.append(.buffer(bytes, 0..<bytes.count)) }
    }

    /// Where the next chunk lies, or nil when all have been sent.
    func nextChunk(_ chunkBytes: Int) -> (index: Int, bytes: ByteBuffer, range: Range<Int>)? {
        guard position < chunked.count else { return nil }
        let (index, bytes) = chunked[position]
        let start = chunk * chunkBytes
        return (index, bytes, start..<min(start + chunkBytes, bytes.count))
    }

    mutating func advance(_ chunkBytes: Int) {
        chunk += 1
        if chunk * chunkBytes >= chunked[position].bytes.count {
            position += 1
            chunk = 0
        }
    }
}

/// A message that has arrived but for its chunks.
struct IncomingAssembly: Sendable {
    let body: Frame
    var attachments: [Attachment]
    /// Indices and sizes of the chunked attachments, which are filled in order.
    ///
    /// Their buffers are allocated when their first chunk comes: who opens a call that is refused costs no memory.
    let chunked: [(index: Int, count: Int)]
    var position = 0
    var chunk = 0
    let credit: Int
    let reserved: Int
    let isEnd: Bool
    let uncompressedBytes: Int
    let checksums: [UInt32]

    /// The reason why this chunk is not the one that must come, or nil when it is.
    func objection(to header: FrameHeader, size: Int, chunkBytes: Int) -> String? {
        let (index, count) = chunked[position]
        let expected = min(chunkBytes, count - chunk * chunkBytes)
        guard header.auxiliary == UInt32(index), header.sequence == UInt32(chunk) else {
            return "chunk \(header.sequence) of attachment \(header.auxiliary) instead of \(chunk) of \(index)"
        }
        return size == expected ? nil : "a chunk of \(size) bytes instead of \(expected)"
    }

    /// Copies a chunk to its place; true when it was the last of the message, nil if there is no memory for it.
    mutating func take(_ frame: Frame, chunkBytes: Int) -> Bool? {
        let (index, count) = chunked[position]
        if chunk == 0 {
            guard let buffer = ByteBuffer(uninitialized: count) else { return nil }
            attachments[index].bytes = buffer
        }
        let buffer = attachments[index].bytes
        let start = chunk * chunkBytes
        buffer.withUnsafeMutableBytes { memory in
            frame.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + bytes.count]).copyMemory(from: bytes)
            }
        }
        chunk += 1
        if start + chunkBytes >= buffer.count {
            position += 1
            chunk = 0
        }
        return position == chunked.count
    }
}
