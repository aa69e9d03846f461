internal import CProtobufC

/// A field of a message, as far as its place on the wire goes.
package struct WireField: Sendable {
    /// How the value lies on the wire.
    package enum Form: Sendable {
        case varint, fixed32, fixed64, bytes
        /// Bytes that must be UTF-8 without a NUL.
        case text
        case message(WireDescriptor)
    }

    package let number: UInt32
    package let form: Form
    package let isRepeated: Bool
    /// Whether several values may lie in one length-delimited field.
    package var canBePacked: Bool {
        switch form {
        case .varint, .fixed32, .fixed64: isRepeated
        case .bytes, .text, .message: false
        }
    }
}

extension WireDescriptor {
    /// The fields of the message, by number.
    package var fields: [WireField] {
        UnsafeBufferPointer(start: pointer.pointee.fields, count: Int(pointer.pointee.n_fields)).map { field in
            WireField(
                number: field.id, form: Self.form(field), isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED)
        }
    }

    private static func form(_ field: ProtobufCFieldDescriptor) -> WireField.Form {
        switch field.type {
        case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT: .fixed32
        case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE: .fixed64
        case PROTOBUF_C_TYPE_STRING: .text
        case PROTOBUF_C_TYPE_BYTES: .bytes
        case PROTOBUF_C_TYPE_MESSAGE: field.descriptor.map { .message(WireDescriptor($0)) } ?? .bytes
        default: .varint
        }
    }
}
