import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Memory for tensors, kept when a tensor dies: fresh pages cost more than the arithmetic of a small network.
///
/// Small buffers have free lists by size. Large ones share one range of addresses, so that what a pass had of some sizes
/// serves the next for others, and little more is ever resident than was in use at once.
final class BufferPool: Sendable {
    static let shared = BufferPool()

    /// Elements from which a buffer is large.
    private static let large = 1 << 14

    private struct State {
        /// Addresses of unused small buffers, by capacity.
        var small: [Int: [UInt]] = [:]
        var ranges = FreeRanges()
        /// Bytes of the range that may be touched.
        var usable = 0
    }

    private let state = Mutex(State())
    /// The range: addresses only, until ``State/usable`` reaches them.
    private let base: UInt
    private let reserved: Int

    private init() {
        // Far more than machines have; less where the addresses of a process are limited.
        var bytes = 1 << 40
        while true {
            let range = mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            if let range, range != MAP_FAILED {
                (base, reserved) = (UInt(bitPattern: range), bytes)
                return
            }
            bytes /= 2
            guard bytes >= 1 << 28 else { fatalError("no addresses are left for tensors") }
        }
    }

    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count >= Self.large { return takeLarge(Self.bytes(count)) }
        let capacity = Self.capacity(count)
        if let address = state.withLock({ $0.small[capacity]?.popLast() }),
            let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        {
            return pointer
        }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<Float>.stride, alignment: 64)
        return raw.bindMemory(to: Float.self, capacity: capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
        let address = UInt(bitPattern: pointer)
        state.withLock { state in
            if count >= Self.large {
                state.ranges.give(Int(address - base), Self.bytes(count))
            } else {
                state.small[Self.capacity(count), default: []].append(address)
            }
        }
    }

    private func takeLarge(_ bytes: Int) -> UnsafeMutablePointer<Float> {
        let offset = state.withLock { state in
            let offset = state.ranges.take(bytes)
            if state.ranges.end > state.usable { extend(&state) }
            return offset
        }
        guard let pointer = UnsafeMutablePointer<Float>(bitPattern: base + UInt(offset)) else {
            fatalError("no address")
        }
        return pointer
    }

    /// Makes the range usable up to what was taken, in steps of huge pages.
    private func extend(_ state: inout State) {
        let step = 1 << 25
        let wanted = min((state.ranges.end + step - 1) / step * step, reserved)
        let added = UnsafeMutableRawPointer(bitPattern: base + UInt(state.usable))
        let bytes = wanted - state.usable
        guard state.ranges.end <= reserved, mprotect(added, bytes, PROT_READ | PROT_WRITE) == 0 else {
            fatalError("out of memory: \(state.ranges.end >> 20) MiB for tensors")
        }
        // A hint; without it everything works, with more page faults.
        _ = madvise(added, bytes, MADV_HUGEPAGE)
        state.usable = wanted
    }

    /// Of a large buffer: whole vectors, and some more, so that sizes of powers of two do not all begin at the same place
    /// of a page.
    private static func bytes(_ count: Int) -> Int { (count * MemoryLayout<Float>.stride + 63) / 64 * 64 + 192 }

    /// Elements of a small buffer: sizes grow by at most an eighth, so that little is wasted and much is reused.
    private static func capacity(_ count: Int) -> Int {
        let wanted = max(count, 16)
        let step = max(16, 1 << max(0, Int.bitWidth - wanted.leadingZeroBitCount - 4))
        return (wanted + step - 1) / step * step
    }
}
