/// Text in PNG files: `tEXt` chunks in Latin-1, `iTXt` in UTF-8 where that does not suffice.
///
/// PNG specification (third edition), 11.3.3. libpng's simplified interface has no text, so chunks are put in and taken out
/// here: each is length, type, data and a checksum of type and data.
enum PNGText {
    private static let signatureLength = 8
    private static let headerEnd = signatureLength + 25  // IHDR, which is always first and of one size

    /// The file with texts after its header, in the order of their keywords.
    static func inserting(_ texts: [String: String], into png: [UInt8]) -> [UInt8] {
        let chunks = texts.sorted { $0.key < $1.key }.flatMap { chunk(keyword: $0.key, text: $0.value) }
        return Array(png[..<headerEnd]) + chunks + png[headerEnd...]
    }

    /// The uncompressed texts of a file, by keyword; nothing of a file that is cut short.
    static func texts(of png: [UInt8]) -> [String: String] {
        var texts: [String: String] = [:]
        var at = signatureLength
        while at + 12 <= png.count {
            let length = png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard at + 12 + length <= png.count else { break }
            let type = String(decoding: png[at + 4..<at + 8], as: UTF8.self)
            let data = png[at + 8..<at + 8 + length]
            if type == "tEXt", let end = data.firstIndex(of: 0) {
                texts[latin1(data[..<end])] = latin1(data[(end + 1)...])
            } else if type == "iTXt", let (keyword, text) = international(data) {
                texts[keyword] = text
            }
            at += 12 + length
        }
        return texts
    }

    /// Keyword, two bytes of compression, language, translated keyword, text; only the first and the last matter here.
    private static func international(_ data: ArraySlice<UInt8>) -> (String, String)? {
        guard let end = data.firstIndex(of: 0), end + 2 < data.endIndex, data[end + 1] == 0 else { return nil }
        var rest = data[(end + 3)...]
        for _ in 0..<2 {
            guard let next = rest.firstIndex(of: 0) else { return nil }
            rest = rest[(next + 1)...]
        }
        return (latin1(data[..<end]), String(decoding: rest, as: UTF8.self))
    }

    private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func chunk(keyword: String, text: String) -> [UInt8] {
        let isLatin1 = text.unicodeScalars.allSatisfy { $0.value < 256 && $0.value != 0 }
        let name = Array(keyword.utf8)
        let data =
            isLatin1
            ? name + [0] + text.unicodeScalars.map { UInt8($0.value) } : name + [0, 0, 0, 0, 0] + Array(text.utf8)
        let body = Array((isLatin1 ? "tEXt" : "iTXt").utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

    /// The cyclic redundancy check of ISO 3309, as in zlib and PNG's annex D.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
    }
}
