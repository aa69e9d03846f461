internal import CProtobufC

/// Joins the parts of messages that come in several.
///
/// A singular message field that comes twice is one message: its parts are joined field by field, which is what reading
/// their bytes one after the other does (protobuf's encoding guide, "Last One Wins"). protobuf-c 1.4.1 tries to, and
/// loses the numbers of the earlier part; so it is given the joined bytes. No encoder writes such messages, which is why
/// this need not be fast.
enum WireMerge {
    /// A field as it was found, or what has been found of a message so far.
    private struct Piece {
        let number: UInt32
        /// Of a message.
        let descriptor: UnsafePointer<ProtobufCMessageDescriptor>?
        var bytes: [UInt8]
    }

    /// The same message with every singular message in one part.
    ///
    /// - Precondition: ``WireCheck`` has passed the bytes.
    static func joined(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> [UInt8] {
        var pieces: [Piece] = []
        // Where the piece of a singular message is, by its number.
        var places: [UInt32: Int] = [:]
        // The member that a oneof holds so far, by the oneof's place in the struct.
        var members: [UInt32: UInt32] = [:]
        var position = 0
        while position < bytes.count {
            let start = position
            let (number, content) = next(bytes, &position)
            let field = protobuf_c_message_descriptor_get_field(descriptor, number)?.pointee
            if let field, field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0 {
                let before = members.updateValue(number, forKey: field.quantifier_offset)
                // What another member has taken the place of is gone.
                if let before, before != number { places[before] = nil }
            }
            guard let content, let field, field.type == PROTOBUF_C_TYPE_MESSAGE, let inner = field.descriptor else {
                pieces.append(Piece(number: number, descriptor: nil, bytes: Array(bytes[start..<position])))
                continue
            }
            let isSingular = field.label != PROTOBUF_C_LABEL_REPEATED
            if isSingular, let place = places[number] {
                pieces[place].bytes += content
                continue
            }
            if isSingular { places[number] = pieces.count }
            let known = inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
            pieces.append(Piece(number: number, descriptor: known, bytes: Array(content)))
        }
        return pieces.reduce(into: []) { result, piece in
            guard let descriptor = piece.descriptor else { return result += piece.bytes }
            let whole = piece.bytes.withUnsafeBytes { joined($0, descriptor) }
            result += varint(UInt64(piece.number) << 3 | 2) + varint(UInt64(whole.count)) + whole
        }
    }

    /// Takes a field: its number, and its content if it has a length.
    private static func next(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) -> (UInt32, UnsafeRawBufferPointer?) {
        let tag = WireCheck.varint(bytes, &position) ?? 0
        var content: UnsafeRawBufferPointer?
        switch tag & 7 {
        case 0: _ = WireCheck.varint(bytes, &position)
        case 1: position += 8
        case 5: position += 4
        default:
            let end = Int(WireCheck.varint(bytes, &position) ?? 0) + position
            content = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            position = end
        }
        return (UInt32(tag >> 3), content)
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }
}
