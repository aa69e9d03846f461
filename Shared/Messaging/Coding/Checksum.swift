internal import CChecksum

/// CRC-32C, which attachments may carry.
public enum Checksum {
    /// The checksum of bytes (RFC 3720, appendix B.4: `123456789` gives 0xE3069283).
    public static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        checksum_crc32c(0, bytes.baseAddress, bytes.count)
    }
}

extension ByteBuffer {
    /// The CRC-32C of the bytes.
    public var crc32c: UInt32 { withUnsafeBytes { Checksum.crc32c($0) } }
}
