internal import CProtobufC

/// Reads the bytes of a message before protobuf-c does, and refuses what protobuf-c would take too trustingly.
///
/// protobuf-c recurses without a limit, cuts strings at a NUL, does not look at UTF-8, and shifts five-byte tags out of
/// an `int`. All of that is rejected here, as are groups and more fields than any honest message has.
public struct WireCheck: Sendable {
    /// Deepest nesting of messages.
    public var maximumDepth = 32
    /// Most fields of a message, nested ones included.
    public var maximumFields = 65_536
    /// Largest message, in bytes.
    public var maximumBytes = 1 << 20

    /// The default limits.
    public init() {}

    /// What the check of a message has found so far.
    private struct Findings {
        var fields = 0
        /// Whether a singular message comes in several parts, which protobuf-c cannot join.
        var hasParts = false
    }

    /// Checks the bytes of a message.
    ///
    /// - Returns: whether a singular message comes in several parts; see ``WireMerge``.
    /// - Throws: ``WireError`` naming the type and the first thing wrong.
    @discardableResult
    public func check(_ bytes: UnsafeRawBufferPointer, against descriptor: WireDescriptor) throws(WireError) -> Bool {
        guard bytes.count <= maximumBytes else {
            throw WireError("\(descriptor.name): \(bytes.count) bytes, more than \(maximumBytes)")
        }
        var findings = Findings()
        try check(bytes, descriptor.pointer, depth: 1, &findings)
        return findings.hasParts
    }

    private func check(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int,
        _ findings: inout Findings
    ) throws(WireError) {
        func refuse(_ reason: String) -> WireError {
            WireError("\(String(cString: descriptor.pointee.name)): \(reason)")
        }
        guard depth <= maximumDepth else { throw refuse("nested deeper than \(maximumDepth)") }
        var position = 0
        // The singular messages that have come, by their place in the descriptor; those past 63 share a bit.
        var messages: UInt64 = 0
        while position < bytes.count {
            findings.fields += 1
            guard findings.fields <= maximumFields else { throw refuse("more than \(maximumFields) fields") }
            guard let tag = Self.varint(bytes, &position), tag >> 3 != 0, tag >> 3 < 1 << 29 else {
                throw refuse("a malformed tag at byte \(position)")
            }
            let number = UInt32(tag >> 3)
            switch tag & 7 {
            case 0:
                guard Self.varint(bytes, &position) != nil else { throw refuse("field \(number): a malformed varint") }
            case 1: position += 8
            case 5: position += 4
            case 2:
                guard let length = Self.varint(bytes, &position), length <= UInt64(bytes.count - position) else {
                    throw refuse("field \(number): its length passes the end")
                }
                let end = position + Int(length)
                let content = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
                position = end
                guard let field = protobuf_c_message_descriptor_get_field(descriptor, number) else { break }
                if field.pointee.type == PROTOBUF_C_TYPE_STRING {
                    guard Self.isText(content) else { throw refuse("field \(number): not UTF-8 without NUL") }
                } else if field.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let inner = field.pointee.descriptor {
                    if field.pointee.label != PROTOBUF_C_LABEL_REPEATED {
                        let bit = UInt64(1) << min(63, descriptor.pointee.fields.distance(to: field))
                        if messages & bit != 0 { findings.hasParts = true }
                        messages |= bit
                    }
                    try check(
                        content, inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1,
                        &findings)
                }
            default: throw refuse("field \(number): wire type \(tag & 7)")
            }
            guard position <= bytes.count else { throw refuse("field \(number): its value passes the end") }
        }
    }

    /// A varint of at most ten bytes, or nil.
    static func varint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    /// Whether the bytes are UTF-8 without a NUL.
    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isASCII = true
        for byte in bytes {
            if byte == 0 { return false }
            if byte >= 0x80 { isASCII = false }
        }
        return isASCII || String(validating: bytes, as: UTF8.self) != nil
    }
}
