/// SplitMix64 (Steele, Lea and Flood, 2014): a small generator whose whole state is one word.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// The stream of one item of a seeded sequence: different items give unrelated streams.
    public init(seed: UInt64, index: Int) {
        state = seed
        state = next() ^ UInt64(bitPattern: Int64(index))
        state = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

extension RandomNumberGenerator {
    /// A number of [0, 1), from the upper 24 bits of one word, so that it does not depend on the standard library.
    mutating func unit() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    mutating func uniform(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * unit()
    }

    mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }

    /// A whole number of 0..<count.
    mutating func below(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
