internal import CProtobufC
import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Zeroed memory for the C structs of one message, freed all at once.
///
/// protobuf-c 1.4.1 has paths that free or read what it never wrote; memory that starts as zeros makes them harmless.
/// The limit keeps a small hostile message from becoming a large one: past it an allocation fails and so does unpacking.
///
/// Used by one caller at a time, which is why it may be `Sendable`.
public final class WireArena: @unchecked Sendable {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var cursor: UnsafeMutableRawPointer?
    private var available = 0
    private static let firstBlock = 2048
    private var nextBlock = WireArena.firstBlock
    private var firstBlockIsRegular = true
    private var remaining: Int

    /// Why the message cannot be encoded, if it cannot.
    public private(set) var failure: String?

    /// Arenas that nobody uses: their first block is worth keeping.
    private static let idle = Mutex<[WireArena]>([])
    private static let maximumIdle = 16

    /// Calls the body with an arena that hands out at most `limit` bytes, until the body returns.
    static func with<Result, Failure: Error>(
        limit: Int, _ body: (WireArena) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let arena = idle.withLock { $0.popLast() } ?? WireArena(limit: limit)
        arena.remaining = limit
        defer {
            arena.clear()
            idle.withLock { if $0.count < maximumIdle { $0.append(arena) } }
        }
        return try body(arena)
    }

    /// Makes the arena as new, but for its first block.
    private func clear() {
        failure = nil
        guard let first = blocks.first else { return }
        let used = blocks.count == 1 ? Self.firstBlock - available : Self.firstBlock
        for block in blocks.dropFirst() { free(block) }
        blocks.removeSubrange(1...)
        if firstBlockIsRegular {
            memset(first, 0, used)
            (cursor, available) = (first, Self.firstBlock)
        } else {
            free(first)
            blocks.removeAll(keepingCapacity: true)
            (cursor, available) = (nil, 0)
        }
        nextBlock = Self.firstBlock
    }

    /// An arena that hands out at most `limit` bytes.
    public init(limit: Int) {
        remaining = limit
    }

    deinit {
        for block in blocks { free(block) }
    }

    /// Zeroed memory aligned to 16 bytes, or nil when the limit is reached.
    func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size < Int.max - 15 else { return nil }
        let size = max(16, (size + 15) & ~15)
        guard size <= remaining else { return nil }
        remaining -= size
        if size > available {
            #if FUZZING
                // Each allocation by itself, so that the address sanitizer sees where one ends.
                let blockSize = size
            #else
                let blockSize = max(size, nextBlock)
            #endif
            guard let block = calloc(1, blockSize) else { return nil }
            if blocks.isEmpty { firstBlockIsRegular = blockSize == Self.firstBlock }
            blocks.append(block)
            cursor = block
            available = blockSize
            nextBlock = min(nextBlock * 2, 1 << 20)
        }
        let result = cursor
        cursor = cursor?.advanced(by: size)
        available -= size
        return result
    }

    /// Memory for encoding, which has no limit, so that only an exhausted machine can refuse it.
    @usableFromInline
    func allocateOrTrap(_ size: Int) -> UnsafeMutableRawPointer {
        guard let pointer = allocate(size) else { preconditionFailure("no memory for \(size) bytes of a message") }
        return pointer
    }

    /// Calls the body with an allocator that takes from this arena and frees nothing.
    func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
        var allocator = ProtobufCAllocator(
            alloc: { context, size in
                context.flatMap { Unmanaged<WireArena>.fromOpaque($0).takeUnretainedValue().allocate(size) }
            },
            free: { _, _ in }, allocator_data: Unmanaged.passUnretained(self).toOpaque())
        return withUnsafeMutablePointer(to: &allocator, body)
    }
}

// What generated code calls to fill a C struct.
extension WireArena {
    /// A C copy of a message, initialised and filled.
    public func message<Message: WireMessage>(_ message: Message) -> UnsafeMutableRawPointer {
        let descriptor = Message.wireDescriptor.pointer
        let pointer = allocateOrTrap(Int(descriptor.pointee.sizeof_message))
        descriptor.pointee.message_init(pointer.assumingMemoryBound(to: ProtobufCMessage.self))
        message.fill(wire: pointer, in: self)
        return pointer
    }

    /// Initialises the C struct of a map entry, which has no Swift type of its own.
    public func entry(_ descriptor: WireDescriptor) -> UnsafeMutableRawPointer {
        let pointer = allocateOrTrap(Int(descriptor.pointer.pointee.sizeof_message))
        descriptor.pointer.pointee.message_init(pointer.assumingMemoryBound(to: ProtobufCMessage.self))
        return pointer
    }

    /// A NUL-terminated copy of a string; a NUL inside it fails the message.
    public func string(_ string: String) -> UnsafeMutablePointer<CChar> {
        var string = string
        return string.withUTF8 { utf8 in
            if utf8.contains(0) { failure = "a string holds a NUL character" }
            let copy = allocateOrTrap(utf8.count + 1)
            if let base = utf8.baseAddress { copy.copyMemory(from: base, byteCount: utf8.count) }
            return copy.assumingMemoryBound(to: CChar.self)
        }
    }

    /// A copy of bytes as a pointer; pair it with the array's count.
    public func bytes(_ bytes: [UInt8]) -> UnsafeMutablePointer<UInt8>? {
        array(bytes)
    }

    /// A copy of scalars.
    ///
    /// Inlined: it would look up the elements' type at run time, also where there are none.
    @inlinable
    public func array<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
        guard !elements.isEmpty else { return nil }
        let copy = allocateOrTrap(elements.count * MemoryLayout<Element>.stride)
        elements.withUnsafeBytes { buffer in
            if let base = buffer.baseAddress { copy.copyMemory(from: base, byteCount: buffer.count) }
        }
        return copy.assumingMemoryBound(to: Element.self)
    }
}
