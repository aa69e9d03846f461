import Messaging

/// Makes the bytes of messages from their descriptors, and damages them.
struct WireSmith {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }

    static func tag(_ number: UInt32, _ wireType: UInt64) -> [UInt8] { varint(UInt64(number) << 3 | wireType) }

    static func delimited(_ number: UInt32, _ content: [UInt8]) -> [UInt8] {
        tag(number, 2) + varint(UInt64(content.count)) + content
    }

    // MARK: Honest bytes

    /// A message as an honest peer may send it: fields in any order, some of them several times, and unknown ones.
    mutating func message(_ descriptor: WireDescriptor, depth: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in descriptor.fields.shuffled(using: &generator) where Int.random(in: 0..<4, using: &generator) > 0 {
            for _ in 0..<Int.random(in: 1...2, using: &generator) { bytes += value(field, depth) }
        }
        if Int.random(in: 0..<4, using: &generator) == 0 { bytes += Self.delimited(19_000, [1, 2, 3]) }
        return bytes
    }

    private mutating func value(_ field: WireField, _ depth: Int) -> [UInt8] {
        if field.canBePacked, Bool.random(using: &generator) {
            let count = Int.random(in: 0...5, using: &generator)
            return Self.delimited(field.number, (0..<count).flatMap { _ in scalar(field.form) })
        }
        switch field.form {
        case .varint: return Self.tag(field.number, 0) + scalar(field.form)
        case .fixed64: return Self.tag(field.number, 1) + scalar(field.form)
        case .fixed32: return Self.tag(field.number, 5) + scalar(field.form)
        case .bytes: return Self.delimited(field.number, noise(0...20))
        case .text:
            let text = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                ["a", "ß", "☺", "😈", "\u{7f}"].randomElement(using: &generator) ?? ""
            }
            return Self.delimited(field.number, Array(text.joined().utf8))
        case .message(let inner):
            return Self.delimited(field.number, depth < 4 ? message(inner, depth: depth + 1) : [])
        }
    }

    private mutating func scalar(_ form: WireField.Form) -> [UInt8] {
        switch form {
        case .fixed32: noise(4...4)
        case .fixed64: noise(8...8)
        // Numbers of all lengths, and enumerators that nobody knows among them.
        default:
            Self.varint(
                UInt64.random(in: 0 ... .max, using: &generator) >> UInt64.random(in: 0...63, using: &generator))
        }
    }

    mutating func noise(_ count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    // MARK: Damage

    /// The bytes after something has happened to them.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes = Array(bytes[..<place])
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2 where place < bytes.count:
                bytes[place] = [0, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            case 3: bytes.insert(contentsOf: noise(1...8), at: place)
            case 4 where place < bytes.count:
                bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &generator)))
            // A length of nearly 2^64.
            case 5: bytes.insert(contentsOf: [0x0a] + [UInt8](repeating: 0xff, count: 9) + [1], at: place)
            default: bytes += bytes[..<place]
            }
        }
        return bytes
    }
}
