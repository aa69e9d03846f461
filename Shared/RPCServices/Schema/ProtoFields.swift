/// One field of an encoded message: its number and what the wire says of its value.
struct ProtoField {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    let number: Int
    let value: Value

    /// The value if it is a number of any width.
    var integer: UInt64? {
        switch value {
        case .varint(let value), .fixed64(let value): value
        case .fixed32(let value): UInt64(value)
        case .bytes: nil
        }
    }

    var bytes: ArraySlice<UInt8>? {
        if case .bytes(let bytes) = value { bytes } else { nil }
    }

    /// The fields of an encoded message in their order, or nil if the bytes are not one.
    static func read(_ bytes: ArraySlice<UInt8>) -> [ProtoField]? {
        var rest = bytes
        var fields: [ProtoField] = []
        while !rest.isEmpty {
            guard let tag = varint(&rest), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return nil }
            let value: Value
            switch tag & 7 {
            case 0:
                guard let number = varint(&rest) else { return nil }
                value = .varint(number)
            case 1:
                guard let number: UInt64 = fixed(&rest) else { return nil }
                value = .fixed64(number)
            case 2:
                guard let count = varint(&rest), count <= rest.count else { return nil }
                value = .bytes(rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
            case 5:
                guard let number: UInt32 = fixed(&rest) else { return nil }
                value = .fixed32(number)
            default: return nil
            }
            fields.append(ProtoField(number: Int(tag >> 3), value: value))
        }
        return fields
    }

    static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            if shift == 63, byte > 1 { return nil }
            result |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return result }
        }
        return nil
    }

    static func fixed<Number: FixedWidthInteger>(_ bytes: inout ArraySlice<UInt8>) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count >= size else { return nil }
        defer { bytes = bytes.dropFirst(size) }
        return bytes.prefix(size).reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}

/// An encoded message under construction.
struct ProtoWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func fixed(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func tag(_ number: Int, _ wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }

    mutating func field(_ number: Int, bytes value: some Collection<UInt8>) {
        tag(number, 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }
}
