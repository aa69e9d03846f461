import Synchronization

/// What the operations on tensors cost while a profile is taken, by kind and extents.
///
/// Costs nothing but a branch while none is taken. Operations of all threads are counted together.
public struct OperationProfile: Sendable {
    /// One kind of operation on one shape.
    public struct Entry: Sendable {
        public let operation: String
        public let extents: String
        public internal(set) var calls = 0
        public internal(set) var seconds = 0.0
        /// Floating-point operations: two for each multiplication of a product; 0 for what goes element by element.
        public internal(set) var operations = 0.0
        /// Bytes of operands and result, each counted once.
        public internal(set) var bytes = 0.0
    }

    /// The most expensive first.
    public var entries: [Entry]

    /// Profiles `body`, which does the same each time: the least time of `runs` for each kind and shape.
    public static func taken(runs: Int = 1, of body: () throws -> Void) rethrows -> OperationProfile {
        isTaken.store(true, ordering: .releasing)
        defer { isTaken.store(false, ordering: .releasing) }
        var least: [Key: Entry] = [:]
        for _ in 0..<runs {
            recorded.withLock { $0 = [:] }
            try body()
            least.merge(recorded.withLock { $0 }) { $0.seconds < $1.seconds ? $0 : $1 }
        }
        return OperationProfile(entries: least.values.sorted { $0.seconds > $1.seconds })
    }

    private struct Key: Hashable {
        var operation: String
        var extents: String
    }

    private static let isTaken = Atomic(false)
    private static let recorded = Mutex<[Key: Entry]>([:])

    /// Runs `body` and, if a profile is taken, enters what it cost.
    @inline(__always)
    static func measure<Result>(
        _ operation: StaticString, _ extents: @autoclosure () -> String, operations: @autoclosure () -> Double = 0,
        bytes: @autoclosure () -> Int, _ body: () -> Result
    ) -> Result {
        guard isTaken.load(ordering: .relaxed) else { return body() }
        let clock = ContinuousClock()
        let start = clock.now
        let result = body()
        let seconds = (clock.now - start) / .seconds(1)
        enter(Key(operation: "\(operation)", extents: extents()), seconds, operations(), Double(bytes()))
        return result
    }

    private static func enter(_ key: Key, _ seconds: Double, _ operations: Double, _ bytes: Double) {
        recorded.withLock { entries in
            var entry = entries[key] ?? Entry(operation: key.operation, extents: key.extents)
            entry.calls += 1
            entry.seconds += seconds
            entry.operations += operations
            entry.bytes += bytes
            entries[key] = entry
        }
    }
}

extension Tensor {
    /// Bytes that the elements take.
    var byteCount: Int { 4 * precision.floats(count) }

    /// A shape as a profile shows it.
    var extents: String { shape.map(String.init).joined(separator: "×") + (precision == .bf16 ? " bf16" : "") }
}
