import Crypto
public import Foundation

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
