/// ZeroMQ's text form of binary keys: five printable characters for four bytes (ZeroMQ RFC 32).
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// The value of every byte that is a digit.
    private static let values: [UInt8: UInt64] = Dictionary(
        uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt64($0)) })

    /// The text of bytes, whose number is a multiple of four.
    static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % 4 == 0, "\(bytes.count) bytes have no Z85 text")
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            var value = bytes[start..<start + 4].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            var digits: [UInt8] = []
            for _ in 0..<5 {
                digits.append(alphabet[Int(value % 85)])
                value /= 85
            }
            text += digits.reversed()
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nil if it is none.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 5) {
            var value: UInt64 = 0
            for digit in digits[start..<start + 5] {
                guard let number = values[digit] else { return nil }
                value = value * 85 + number
            }
            guard value <= UInt32.max else { return nil }
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        return bytes
    }
}
