#if canImport(Glibc)
    internal import Glibc
#endif

/// Immutable bytes, aligned to 64, shared without a copy between tasks, attachments and sockets.
///
/// The memory is written only before `init` returns (or, by the receiver of an attachment, before anybody else has the
/// buffer), which is why it may be `Sendable`. Bytes are lent to closures only: a pointer that outlives the closure
/// would outlive the buffer.
public final class ByteBuffer: @unchecked Sendable {
    private static let largePageBytes = 2 << 20

    /// No bytes.
    package static let empty = ByteBuffer(count: 0) { _ in }

    private let memory: UnsafeMutableRawBufferPointer

    /// The number of bytes.
    public var count: Int { memory.count }

    /// A buffer whose bytes the closure writes; bytes that it leaves alone are undefined.
    public convenience init<Failure: Error>(
        count: Int, initializing body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        guard let bytes = Self.allocate(count) else { fatalError("no memory for a buffer of \(count) bytes") }
        self.init(owning: bytes)
        try body(memory)
    }

    /// A buffer that somebody will write; nil if there is no memory for it.
    package convenience init?(uninitialized count: Int) {
        guard let bytes = Self.allocate(count) else { return nil }
        self.init(owning: bytes)
    }

    private init(owning memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    private static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        precondition(count >= 0, "a buffer of \(count) bytes")
        // Large ones on large pages: the first touch of 64 MiB would else be 16,384 page faults.
        let isLarge = count >= largePageBytes
        var start: UnsafeMutableRawPointer?
        guard posix_memalign(&start, isLarge ? largePageBytes : 64, count) == 0 else { return nil }
        if isLarge { madvise(start, count, Int32(MADV_HUGEPAGE)) }
        return UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    /// A copy of bytes.
    public convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// A copy of an array's elements.
    public convenience init<Element: BitwiseCopyable>(copying elements: [Element]) {
        self.init(count: elements.count * MemoryLayout<Element>.stride) { memory in
            elements.withUnsafeBytes { memory.copyMemory(from: $0) }
        }
    }

    deinit {
        free(memory.baseAddress)
    }

    /// Lends the bytes.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(memory))
    }

    /// Lends the memory of a buffer that nobody else has yet.
    package func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return body(memory)
    }

    /// The address of the bytes, for a C library that is given the buffer itself as their owner.
    var baseAddress: UnsafeMutableRawPointer? { memory.baseAddress }

    /// The bytes as elements of a type.
    ///
    /// - Precondition: the count is a multiple of the element's stride.
    public func elements<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
        let stride = MemoryLayout<Element>.stride
        precondition(count % stride == 0, "\(count) bytes are not a whole number of \(Element.self)")
        return withUnsafeBytes { bytes in
            [Element](unsafeUninitializedCapacity: bytes.count / stride) { elements, initialized in
                UnsafeMutableRawBufferPointer(elements).copyMemory(from: bytes)
                initialized = bytes.count / stride
            }
        }
    }
}

extension ByteBuffer: Equatable {
    /// Equality of the bytes.
    public static func == (left: ByteBuffer, right: ByteBuffer) -> Bool {
        left === right
            || left.withUnsafeBytes { left in
                right.withUnsafeBytes { left.count == $0.count && left.elementsEqual($0) }
            }
    }
}
