import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Memory of one tensor: 64-byte aligned, recycled through ``BufferPool``.
///
/// `@unchecked Sendable`: the elements are written only while exactly one reference exists (`Tensor` checks it before
/// every mutation), and the cache of packed layouts has its own lock.
final class TensorStorage: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    /// The same values in layouts that a primitive asked for; valid as long as the values do not change.
    private let packed = Mutex<[PackedLayout: TensorStorage]>([:])

    init(count: Int) {
        self.count = count
        pointer = BufferPool.shared.take(count)
    }

    deinit { BufferPool.shared.give(pointer, count) }

    func packed(_ layout: PackedLayout, make: () -> TensorStorage) -> TensorStorage {
        if let found = packed.withLock({ $0[layout] }) { return found }
        let made = make()
        packed.withLock { $0[layout] = made }
        return made
    }

    func valuesChanged() { packed.withLock { $0.removeAll() } }
}

/// Names a layout that oneDNN chose for the weights of one convolution primitive, which it may choose by the threads.
struct PackedLayout: Hashable {
    var primitive: ConvolutionShape
    var direction: ConvolutionDirection
    var threads: Int
}

/// Free lists of aligned buffers by size class.
///
/// Fresh pages cost more than the arithmetic of a small network (page faults), so buffers are kept when a tensor dies.
final class BufferPool: Sendable {
    static let shared = BufferPool()

    private struct State {
        /// Addresses of unused buffers by capacity.
        var free: [Int: [UInt]] = [:]
        /// Elements in `free`, elements of living tensors, and the most that ever lived.
        var unused = 0
        var used = 0
        var mostUsed = 0
    }

    private let state = Mutex(State())

    /// Size classes grow by at most an eighth, so that little is wasted and much is reused.
    private func capacity(_ count: Int) -> Int {
        let wanted = max(count, 16)
        let step = max(16, 1 << max(0, Int.bitWidth - wanted.leadingZeroBitCount - 4))
        return (wanted + step - 1) / step * step
    }

    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        let capacity = capacity(count)
        let (address, surplus) = state.withLock { state -> (UInt?, [UInt]) in
            state.used += capacity
            state.mostUsed = max(state.mostUsed, state.used)
            if let address = state.free[capacity]?.popLast() {
                state.unused -= capacity
                return (address, [])
            }
            // Batches of ever other sizes would each keep their own buffers: beyond twice the need, start over.
            return (nil, state.used + state.unused > 2 * state.mostUsed ? Self.empty(&state) : [])
        }
        Self.deallocate(surplus)
        if let address, let pointer = UnsafeMutablePointer<Float>(bitPattern: address) { return pointer }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<Float>.stride, alignment: 64)
        return raw.bindMemory(to: Float.self, capacity: capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
        let capacity = capacity(count)
        state.withLock { state in
            state.used -= capacity
            state.unused += capacity
            state.free[capacity, default: []].append(UInt(bitPattern: pointer))
        }
    }

    fileprivate func releaseAll() { Self.deallocate(state.withLock { Self.empty(&$0) }) }

    private static func empty(_ state: inout State) -> [UInt] {
        defer {
            state.free.removeAll()
            state.unused = 0
        }
        return state.free.values.flatMap { $0 }
    }

    private static func deallocate(_ addresses: [UInt]) {
        for address in addresses { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
    }
}

extension Tensor {
    /// Returns the buffers that no tensor uses to the operating system.
    public static func releaseUnusedMemory() { BufferPool.shared.releaseAll() }
}
