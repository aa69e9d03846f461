/// One frame of a multipart message: bytes that a link can send, or that it received.
public enum Frame: Sendable {
    /// Few bytes; sending copies them.
    case bytes([UInt8])
    /// A part of a shared buffer; sending it copies nothing.
    case buffer(ByteBuffer, Range<Int>)
    /// Bytes that still lie in libzmq's memory.
    case received(ReceivedFrame)

    /// The number of bytes.
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .buffer(_, let range): range.count
        case .received(let frame): frame.count
        }
    }

    /// Lends the bytes.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .bytes(let bytes):
            try bytes.withUnsafeBufferPointer { (whole) throws(Failure) in try body(UnsafeRawBufferPointer(whole)) }
        case .buffer(let buffer, let range):
            try buffer.withUnsafeBytes { (whole) throws(Failure) in
                try body(UnsafeRawBufferPointer(rebasing: whole[range]))
            }
        case .received(let frame): try frame.withUnsafeBytes(body)
        }
    }
}
