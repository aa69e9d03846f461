/// One frame of a multipart message: bytes that a link can send, or that it received.
public enum Frame: Sendable {
    /// Very few bytes, such as a header, in the frame itself.
    case small(SmallBytes)
    /// Few bytes; sending copies them.
    case bytes([UInt8])
    /// A part of a shared buffer; sending it copies nothing.
    case buffer(ByteBuffer, Range<Int>)
    /// Bytes that still lie in libzmq's memory.
    case received(ReceivedFrame)

    /// The number of bytes.
    public var count: Int {
        switch self {
        case .small(let bytes): bytes.count
        case .bytes(let bytes): bytes.count
        case .buffer(_, let range): range.count
        case .received(let frame): frame.count
        }
    }

    /// Lends the bytes.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .small(let bytes): try bytes.withUnsafeBytes(body)
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

/// At most 32 bytes that need no memory of their own.
public struct SmallBytes: Sendable {
    /// The most that there can be.
    public static let capacity = 32

    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// The number of bytes.
    public let count: Int

    /// Bytes that the closure writes; those it leaves alone are 0.
    public init(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        precondition(count <= Self.capacity, "\(count) bytes where \(Self.capacity) find room")
        self.count = count
        Swift.withUnsafeMutableBytes(of: &words) { write(UnsafeMutableRawBufferPointer(rebasing: $0[..<count])) }
    }

    /// Lends the bytes.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Swift.withUnsafeBytes(of: words) { (whole) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: whole[..<count]))
        }
    }
}

extension SmallBytes: Hashable {
    /// Equality of the bytes.
    public static func == (left: SmallBytes, right: SmallBytes) -> Bool {
        left.count == right.count && left.words == right.words
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
