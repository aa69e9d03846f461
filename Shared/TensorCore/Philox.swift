/// The counter-based generator Philox 4x32-10: a keyed bijection of 128-bit counters.
///
/// It holds no state: the words of counter `c` under key `k` are the same whenever, wherever and in whatever order they are
/// asked for. Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC'11).
public struct Philox: Hashable, Sendable {
    /// Four 32-bit words: a counter, or the random words that it stands for.
    public typealias Words = SIMD4<UInt32>

    private let key: SIMD2<UInt32>

    /// A generator keyed by two 32-bit words.
    public init(key: SIMD2<UInt32>) {
        self.key = key
    }

    /// A generator keyed by a seed; its low half is the first word of the key.
    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four random words of a counter.
    @inline(__always)
    public func words(at counter: Words) -> Words {
        var (c0, c1, c2, c3) = (counter[0], counter[1], counter[2], counter[3])
        var (k0, k1) = (key[0], key[1])
        for _ in 0..<10 {
            let product0 = UInt64(c0) &* 0xD251_1F53
            let product1 = UInt64(c2) &* 0xCD9E_8D57
            c0 = UInt32(truncatingIfNeeded: product1 >> 32) ^ c1 ^ k0
            c2 = UInt32(truncatingIfNeeded: product0 >> 32) ^ c3 ^ k1
            c1 = UInt32(truncatingIfNeeded: product1)
            c3 = UInt32(truncatingIfNeeded: product0)
            k0 &+= 0x9E37_79B9  // the golden ratio
            k1 &+= 0xBB67_AE85  // the square root of 3, less 1
        }
        return Words(c0, c1, c2, c3)
    }
}
