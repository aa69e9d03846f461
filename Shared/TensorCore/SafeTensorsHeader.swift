import Foundation

/// The checked header of a safetensors file.
///
/// Format: the header's length (8 bytes, little-endian), the header (JSON: name -> dtype, shape, byte range in the data),
/// the data. Ranges must tile the data exactly, as the reference implementation demands.
struct SafeTensorsHeader {
    /// Where a tensor lies and how its elements are written.
    struct Entry {
        let type: String
        let shape: [Int]
        /// Bytes from the start of the data.
        let range: Range<Int>
    }

    /// The reference implementation's limit.
    static let longest = 100_000_000

    /// Bytes of one element, by the format's type name.
    static let widths = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
        "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
    ]

    let entries: [String: Entry]
    let metadata: [String: String]
    /// Bytes from the start of the file to the data.
    let dataOffset: Int

    /// Reads and checks the header of a whole file.
    init(of bytes: UnsafeRawBufferPointer, path: String) throws(SafeTensorsError) {
        guard bytes.count >= 8 else {
            throw SafeTensorsError(
                .malformed, path: path, "\(bytes.count) bytes are too few for a safetensors file: is it truncated?")
        }
        if let foreign = Self.foreignFormat(bytes) { throw SafeTensorsError(.malformed, path: path, foreign) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.longest else {
            throw SafeTensorsError(.malformed, path: path, "a header of \(length) bytes: this is no safetensors file")
        }
        dataOffset = 8 + Int(length)
        guard dataOffset <= bytes.count else {
            throw SafeTensorsError(
                .malformed, path: path,
                "the header is \(length) bytes long but the file only \(bytes.count): it is truncated")
        }
        let json = Data(bytes[8..<dataOffset])
        let parsed: JSON
        do {
            guard json.first == UInt8(ascii: "{") else { throw CocoaError(.propertyListReadCorrupt) }
            parsed = try JSONDecoder().decode(JSON.self, from: json)
        } catch let error as DecodingError {
            throw SafeTensorsError(
                .malformed, path: path, "the header is not what safetensors writes\(Self.place(error))")
        } catch {
            throw SafeTensorsError(.malformed, path: path, "the header is not a JSON object")
        }
        metadata = parsed.metadata
        var entries: [String: Entry] = [:]
        for (key, value) in parsed.entries {
            entries[key] = try Self.check(value, key: key, path: path)
        }
        try Self.checkTiling(entries, dataSize: bytes.count - dataOffset, path: path)
        self.entries = entries
    }

    /// What a file is that is often taken for a safetensors file.
    private static func foreignFormat(_ bytes: UnsafeRawBufferPointer) -> String? {
        // A safetensors file of any length has the header's brace here.
        guard bytes.count < 9 || bytes[8] != UInt8(ascii: "{") else { return nil }
        let start = Array(bytes.prefix(7))
        // A zip archive (PyTorch since 1.6), or a pickle of protocol 2 to 5.
        if start.starts(with: [0x50, 0x4b, 0x03, 0x04]) || (start[0] == 0x80 && (2...5).contains(start[1])) {
            return "this is a pickle file of PyTorch. \(SafeTensorsError.whyNotPickle)"
        }
        if start.elementsEqual("version".utf8) {
            return "this is a pointer of Git LFS, not the file itself: fetch it with 'git lfs pull'"
        }
        return nil
    }

    private static func place(_ error: DecodingError) -> String {
        let context: DecodingError.Context? =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        let path = (context?.codingPath ?? []).map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "" : " (at '\(path)')"
    }

    private static func check(_ value: JSON.Entry, key: String, path: String) throws(SafeTensorsError) -> Entry {
        guard let width = widths[value.dtype] else {
            throw SafeTensorsError(.malformed, path: path, key: key, "unknown dtype '\(value.dtype)'")
        }
        let offsets = value.dataOffsets
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
            throw SafeTensorsError(.malformed, path: path, key: key, "data_offsets \(offsets) are not a range")
        }
        var size = width
        for extent in value.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw SafeTensorsError(.malformed, path: path, key: key, "impossible shape \(value.shape)")
            }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw SafeTensorsError(
                .malformed, path: path, key: key,
                "shape \(value.shape) of \(value.dtype) takes \(size) bytes, but data_offsets span \(offsets[1] - offsets[0])"
            )
        }
        return Entry(type: value.dtype, shape: value.shape, range: offsets[0]..<offsets[1])
    }

    private static func checkTiling(
        _ entries: [String: Entry], dataSize: Int, path: String
    ) throws(SafeTensorsError) {
        var end = 0
        let ordered = entries.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
                < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        for (key, entry) in ordered {
            guard entry.range.lowerBound == end else {
                throw SafeTensorsError(
                    .malformed, path: path, key: key,
                    "its data begins at \(entry.range.lowerBound), but the data before it ends at \(end)")
            }
            end = entry.range.upperBound
            guard end <= dataSize else {
                throw SafeTensorsError(
                    .malformed, path: path, key: key,
                    "its data ends at \(end), but the file has \(dataSize) bytes of data: it is truncated")
            }
        }
        guard end == dataSize else {
            throw SafeTensorsError(.malformed, path: path, "\(dataSize - end) bytes after the last tensor's data")
        }
    }
}

/// The header as it is written.
private struct JSON: Decodable {
    struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype
            case shape
            case dataOffsets = "data_offsets"
        }
    }

    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
            }
        }
    }
}
