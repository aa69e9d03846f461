internal import CProtobufC

/// A protobuf message as a Swift value.
///
/// WireGenerator writes the conformances: the two bridges to the struct that protoc-c generated, and its descriptor.
/// Everything else (encoding, checking, decoding) is done once, here.
public protocol WireMessage: Sendable, Hashable {
    /// Describes the C struct behind the pointers of the other two requirements.
    static var wireDescriptor: WireDescriptor { get }

    /// The message with every field at its default.
    init()

    /// Copies a C struct of type `wireDescriptor`.
    init(wire: UnsafeRawPointer)

    /// Writes the fields into an initialised C struct of type `wireDescriptor`; what it points to lives in the arena.
    func fill(wire: UnsafeMutableRawPointer, in arena: WireArena)
}

extension WireMessage {
    /// The message in protobuf's binary format.
    ///
    /// - Throws: ``WireError`` when a string holds a NUL character, which protobuf-c cannot carry.
    public func encoded() throws(WireError) -> [UInt8] {
        try WireArena.with(limit: .max) { (arena) throws(WireError) in
            let pointer = arena.message(self)
            if let failure = arena.failure {
                throw WireError("\(Self.wireDescriptor.name): \(failure)")
            }
            let message = UnsafePointer(pointer.assumingMemoryBound(to: ProtobufCMessage.self))
            let size = protobuf_c_message_get_packed_size(message)
            return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                if let base = buffer.baseAddress { count = protobuf_c_message_pack(message, base) }
            }
        }
    }

    /// Decodes a message that a peer sent.
    ///
    /// The bytes pass ``WireCheck`` first, and what protobuf-c allocates is limited to 16 times their size.
    ///
    /// - Throws: ``WireError`` naming the type and the first thing wrong with the bytes.
    public init(decoding bytes: UnsafeRawBufferPointer, limits: WireCheck = WireCheck()) throws(WireError) {
        guard !bytes.isEmpty else {
            self.init()
            return
        }
        guard try limits.check(bytes, against: Self.wireDescriptor) else {
            self = try Self(checked: bytes)
            return
        }
        let joined = Frame.bytes(WireMerge.joined(bytes, Self.wireDescriptor.pointer))
        self = try joined.withUnsafeBytes { (bytes) throws(WireError) in try Self(checked: bytes) }
    }

    /// Decodes bytes that ``WireCheck`` has passed, and in which every singular message comes once.
    private init(checked bytes: UnsafeRawBufferPointer) throws(WireError) {
        let data = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        self = try WireArena.with(limit: 16 * bytes.count + 64 * 1024) { (arena) throws(WireError) in
            let unpacked = arena.withAllocator { allocator in
                protobuf_c_message_unpack(Self.wireDescriptor.pointer, allocator, bytes.count, data)
            }
            guard let unpacked else {
                throw WireError("\(Self.wireDescriptor.name): not a message of this type, or too large in memory")
            }
            return Self(wire: UnsafeRawPointer(unpacked))
        }
    }

    /// Decodes a message from an array; see ``init(decoding:limits:)-(UnsafeRawBufferPointer,_)``.
    public init(decoding bytes: [UInt8], limits: WireCheck = WireCheck()) throws(WireError) {
        let result: Result<Self, WireError> = bytes.withUnsafeBytes { buffer in
            do throws(WireError) { return .success(try Self(decoding: buffer, limits: limits)) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }
}
