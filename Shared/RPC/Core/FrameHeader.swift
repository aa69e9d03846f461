import Messaging

/// What a message of ZRP/1 is.
package enum FrameKind: UInt8, Sendable {
    case hello = 1
    case welcome = 2
    case ping = 3
    case pong = 4
    case goAway = 5
    case reset = 6
    case request = 16
    case message = 17
    case headers = 18
    case status = 19
    case cancel = 20
    case credit = 21
    case chunk = 22
}

/// Frame 0 of every message: 24 bytes, little-endian.
package struct FrameHeader: Hashable, Sendable {
    /// The size on the wire.
    package static let byteCount = 24
    /// Set on the last message of a direction.
    package static let endFlag: UInt16 = 1
    /// Set when the body is compressed.
    package static let compressedFlag: UInt16 = 2

    package var kind: FrameKind
    package var flags: UInt16 = 0
    /// Number of inline attachment frames.
    package var attachments: UInt16 = 0
    /// 0 is the session itself.
    package var call: UInt64 = 0
    package var sequence: UInt32 = 0
    /// CREDIT: bytes; STATUS: code; CHUNK: the attachment's index.
    package var auxiliary: UInt32 = 0

    package init(
        _ kind: FrameKind, call: UInt64 = 0, flags: UInt16 = 0, attachments: UInt16 = 0, sequence: UInt32 = 0,
        auxiliary: UInt32 = 0
    ) {
        self.kind = kind
        self.call = call
        self.flags = flags
        self.attachments = attachments
        self.sequence = sequence
        self.auxiliary = auxiliary
    }

    package var isEnd: Bool { flags & Self.endFlag != 0 }

    package var isCompressed: Bool { flags & Self.compressedFlag != 0 }

    /// What reading a header gave.
    package enum Reading: Hashable, Sendable {
        case header(FrameHeader)
        /// A kind of the range that extensions may use; the message is to be ignored.
        case ignorable
        case malformed(String)
    }

    /// Reads frame 0.
    package static func read(_ frame: Frame) -> Reading {
        frame.withUnsafeBytes { bytes in
            guard bytes.count == byteCount else { return .malformed("a header of \(bytes.count) bytes") }
            guard bytes[0] == 0x5A, bytes[1] == 0x52 else { return .malformed("no magic") }
            guard bytes[2] == 1 else { return .malformed("version \(bytes[2]) of the frame layout") }
            if (32...63).contains(bytes[3]) { return .ignorable }
            guard let kind = FrameKind(rawValue: bytes[3]) else { return .malformed("kind \(bytes[3])") }
            func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: Value.Type) -> Value {
                Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
            }
            return .header(
                FrameHeader(
                    kind, call: load(8, UInt64.self), flags: load(4, UInt16.self), attachments: load(6, UInt16.self),
                    sequence: load(16, UInt32.self), auxiliary: load(20, UInt32.self)))
        }
    }

    /// Frame 0 as an array.
    package func encoded() -> [UInt8] { frame.withUnsafeBytes { Array($0) } }

    /// Frame 0.
    package var frame: Frame {
        .small(
            SmallBytes(count: Self.byteCount) { bytes in
                bytes[0] = 0x5A
                bytes[1] = 0x52
                bytes[2] = 1
                bytes[3] = kind.rawValue
                bytes.storeBytes(of: flags.littleEndian, toByteOffset: 4, as: UInt16.self)
                bytes.storeBytes(of: attachments.littleEndian, toByteOffset: 6, as: UInt16.self)
                bytes.storeBytes(of: call.littleEndian, toByteOffset: 8, as: UInt64.self)
                bytes.storeBytes(of: sequence.littleEndian, toByteOffset: 16, as: UInt32.self)
                bytes.storeBytes(of: auxiliary.littleEndian, toByteOffset: 20, as: UInt32.self)
            })
    }
}
