internal import COneDNN
import Synchronization

/// Memory of one tensor: 64-byte aligned, recycled through ``BufferPool``; or a place in a file.
///
/// `@unchecked Sendable`: the elements are written only while exactly one reference exists (`Tensor` checks it before
/// every mutation), and what is made on demand has a lock.
final class TensorStorage: @unchecked Sendable {
    let count: Int

    /// Where the elements are, 0 while they have not been read.
    private let address: Atomic<UInt>
    private let source: TensorSource?
    private let packed = Mutex<[(layout: PackedLayout, storage: TensorStorage)]>([])

    init(count: Int) {
        self.count = count
        source = nil
        address = Atomic(UInt(bitPattern: BufferPool.shared.take(count)))
    }

    /// Elements of a file, which are read when they are asked for.
    init(_ source: TensorSource) {
        count = source.count
        self.source = source
        address = Atomic(UInt(bitPattern: source.inPlace))
    }

    deinit {
        if let pointer = owned { BufferPool.shared.give(pointer, count) }
    }

    /// Whether the elements are a file's, so that they must not be written and can be read again.
    var isFile: Bool { source != nil }

    var pointer: UnsafeMutablePointer<Float> {
        if let known = UnsafeMutablePointer<Float>(bitPattern: address.load(ordering: .acquiring)) { return known }
        return packed.withLock { _ in
            if let known = UnsafeMutablePointer<Float>(bitPattern: address.load(ordering: .acquiring)) { return known }
            let made = BufferPool.shared.take(count)
            source?.read(into: UnsafeMutableBufferPointer(start: made, count: count))
            source?.forget()
            address.store(UInt(bitPattern: made), ordering: .releasing)
            return made
        }
    }

    private var owned: UnsafeMutablePointer<Float>? {
        guard source?.inPlace == nil else { return nil }
        return UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// Lends the elements as they are stored: as f32, or as a file has them while nobody has asked for f32.
    func withStoredElements<Result>(_ body: (UnsafeRawPointer, StoredFloat) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) {
            if let source, address.load(ordering: .acquiring) == 0 { return try body(source.stored, source.type) }
            return try body(pointer, .f32)
        }
    }

    /// The same values in another layout, made once and kept as long as the values do not change.
    ///
    /// Of a file, neither the values nor the pages they are read from are kept beside it.
    func packed(
        as layout: PackedLayout, make: (UnsafeRawPointer, StoredFloat) -> TensorStorage
    ) -> TensorStorage {
        packed.withLock { known in
            if let found = known.first(where: { $0.layout == layout }) { return found.storage }
            let made = withStoredElements(make)
            source?.forget()
            known.append((layout, made))
            return made
        }
    }

    /// The same for a maker that takes f32 only.
    func packed(
        as layout: PackedLayout, make: (UnsafeMutablePointer<Float>) -> TensorStorage
    ) -> TensorStorage {
        packed(as: layout) { values, type in
            guard type != .f32 else {
                return make(UnsafeMutablePointer(mutating: values.assumingMemoryBound(to: Float.self)))
            }
            let read = TensorStorage(count: count)
            source?.read(into: UnsafeMutableBufferPointer(start: read.pointer, count: count))
            return withExtendedLifetime(read) { make(read.pointer) }
        }
    }

    func valuesChanged() { packed.withLock { $0.removeAll() } }
}

/// How values are laid out for a kernel.
///
/// `isTurned` tells kernels of a gradient from those of the convolution itself, which may have the same layout.
enum PackedLayout: Equatable {
    /// As oneDNN chose.
    case oneDNN(dnnl_memory_desc_t)
    /// As ``WinogradConvolution`` takes kernels.
    case winograd(isTurned: Bool)
    /// As ``ImplicitProduct`` takes factors of a precision.
    case panels(ComputePrecision, isTurned: Bool)

    static func == (a: PackedLayout, b: PackedLayout) -> Bool {
        switch (a, b) {
        case (.oneDNN(let a), .oneDNN(let b)): a.isSame(as: b)
        case (.winograd(let a), .winograd(let b)): a == b
        case (.panels(let a, let turnedA), .panels(let b, let turnedB)): (a, turnedA) == (b, turnedB)
        default: false
        }
    }
}
