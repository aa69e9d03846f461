internal import CZlib

/// The zlib format (RFC 1950), in which bodies of messages may travel.
public enum Deflate {
    /// What the algorithm is called on the wire.
    public static let name = "zlib"

    /// The bytes in zlib format, or nil if that would not make them shorter.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 1 else { return nil }
        var size = uLongf(bytes.count - 1)
        let output = [UInt8](unsafeUninitializedCapacity: bytes.count - 1) { buffer, count in
            // Level 1: the connection is fast, and most bodies are text or numbers that repeat.
            let status = compress2(buffer.baseAddress, &size, bytes, uLong(bytes.count), 1)
            count = status == Z_OK ? Int(size) : 0
        }
        return output.isEmpty ? nil : output
    }

    /// The bytes that were compressed, of which there are exactly `count`, or nil if there are not.
    ///
    /// Never writes more than `count` bytes, whatever the input says; nothing may stand behind its end.
    public static func decompress(_ bytes: UnsafeRawBufferPointer, count expected: Int) -> [UInt8]? {
        var size = uLongf(expected)
        let input = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        let output = [UInt8](unsafeUninitializedCapacity: expected) { buffer, count in
            var taken = uLong(bytes.count)
            let status = uncompress2(buffer.baseAddress, &size, input, &taken)
            count = status == Z_OK && taken == bytes.count ? Int(size) : 0
        }
        return output.count == expected ? output : nil
    }
}
