/// The public half of a CURVE key pair, 32 bytes.
///
/// Files hold it as Z85 text, addresses as hexadecimal digits, which no shell and no path takes apart.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The number of bytes of either half.
    static let byteCount = 32

    /// The key itself.
    package let bytes: [UInt8]

    /// A key of 32 bytes, or nil.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// A key from its 40 characters of Z85, or nil.
    public init?(z85 text: String) {
        guard let bytes = Z85.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// A key from its 64 hexadecimal digits, or nil.
    public init?(hexadecimal text: String) {
        let digits = Array(text)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index].hexDigitValue, let low = digits[index + 1].hexDigitValue else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        self.bytes = bytes
    }

    /// 40 characters, as in files.
    public var z85: String { Z85.encode(bytes) }

    /// 64 digits, as in addresses.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The text as in files.
    public var description: String { z85 }
}
