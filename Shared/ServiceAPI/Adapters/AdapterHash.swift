import Crypto
public import Foundation
public import Messaging

/// The name of an adapter's bytes.
public enum AdapterHash {
    /// SHA-256 in hexadecimal.
    public static func of(_ bytes: Data) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

/// The name of a chunk's bytes: their SHA-256.
public struct ChunkHash: Hashable, Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// The name of a chunk.
    public init(of chunk: ByteBuffer) {
        bytes = chunk.withUnsafeBytes { chunk in
            var hash = SHA256()
            hash.update(bufferPointer: chunk)
            return Array(hash.finalize())
        }
    }

    /// - Throws: `PeerError` if these are not 32 bytes.
    public init(_ bytes: [UInt8]) throws(PeerError) {
        guard bytes.count == SHA256.byteCount else {
            throw PeerError("the SHA-256 of a chunk has \(bytes.count) bytes, and not \(SHA256.byteCount)")
        }
        self.bytes = bytes
    }
}
